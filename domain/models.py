"""Model versions: what one is, that it was trained, and that it became champion.

A line of models carries the profile's bare name (`pump`); its versions are counted in the order of their ModelTrained.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRef:
    """A model version and the bytes it is; `str()` is how people write it: `pump/7`."""

    profile: str
    name: str
    version: int
    artifact_sha256: str

    def __str__(self) -> str:
        return f"{self.name}/{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTrained:
    """A training run produced a version. Schema: telltale.ModelTrained.avsc."""

    model: ModelRef
    detectors: tuple[str, ...]
    manifest: str
    manifest_sha256: str
    rows: int
    metrics: Mapping[str, float]
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPromoted:
    """A trained version became its line's champion. Schema: telltale.ModelPromoted.avsc."""

    model: ModelRef
    replaces: ModelRef | None
    because: str
    actor: str
    forced: bool
    comparison_id: str | None = None
    rollback: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelArtifactStored:
    """One chunk of a model's bytes. Schema: telltale.ModelArtifactStored.avsc."""

    artifact_sha256: str
    format: str
    chunk: int
    chunks: int
    size: int
    content: bytes
