"""A profile's line of models: versions trained, one of them champion.

A line carries the profile's bare name (`pump`); its versions are counted in the order of their ModelTrained.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelArtifactStored:
    """One chunk of a model's bytes. Schema: telltale.ModelArtifactStored.avsc."""

    artifact_sha256: str
    format: str
    chunk: int
    chunks: int
    size: int
    content: bytes


ModelEvent = ModelTrained | ModelPromoted


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoteModel:
    """Make a version the champion of its line."""

    name: str
    version: int
    because: str
    actor: str


class CommandRejected(Exception):
    """A rule forbids the command; the message names the rule and what stands in its way."""


class ModelNotTrained(CommandRejected):
    """The version is not in the log."""


class ReasonMissing(CommandRejected):
    """A promotion says why."""


@dataclass(frozen=True, slots=True)
class Untrained:
    """A line without versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A line with versions, none of them promoted."""

    versions: Mapping[int, ModelRef]


@dataclass(frozen=True, slots=True, kw_only=True)
class Championed:
    """A line with a champion, and the promotion that made it so."""

    versions: Mapping[int, ModelRef]
    champion: ModelRef
    promotion: ModelPromoted = field(repr=False)


ModelLine = Untrained | Trained | Championed


def next_version(line: ModelLine) -> int:
    """Return the ordinal that the next ModelTrained of this line gets."""
    match line:
        case Untrained():
            return 1
        case Trained(versions=versions) | Championed(versions=versions):
            return len(versions) + 1
        case _:
            assert_never(line)


def decide(line: ModelLine, command: PromoteModel) -> tuple[ModelEvent, ...]:
    """Return the events `command` causes in `line`; () if it changes nothing.

    Raises:
        ReasonMissing: `because` is blank.
        ModelNotTrained: the version is not in the log.
    """
    if not command.because.strip():
        raise ReasonMissing('a promotion needs a reason: --because "…"')
    versions = {} if isinstance(line, Untrained) else line.versions
    model = versions.get(command.version)
    if model is None:
        known = ", ".join(str(ref) for ref in versions.values()) or "none"
        raise ModelNotTrained(f"{command.name}/{command.version} was never trained; trained are: {known}")
    champion = line.champion if isinstance(line, Championed) else None
    if champion == model:
        return ()
    return (ModelPromoted(model=model, replaces=champion, because=command.because, actor=command.actor, forced=False),)


def evolve(line: ModelLine, event: ModelEvent) -> ModelLine:
    """Return the line after `event`; never refuses."""
    versions = {} if isinstance(line, Untrained) else dict(line.versions)
    match event:
        case ModelTrained(model=model):
            versions[model.version] = model
            if isinstance(line, Championed):
                return Championed(versions=versions, champion=line.champion, promotion=line.promotion)
            return Trained(versions=versions)
        case ModelPromoted(model=model):
            return Championed(versions=versions, champion=model, promotion=event)
        case _:
            assert_never(event)
