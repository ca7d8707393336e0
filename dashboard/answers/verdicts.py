"""Verdicts, where they come from, and the models that made them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelName:
    """A model version and the bytes it is."""

    model: str
    profile: str
    artifact_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A reading that was judged abnormal."""

    event_id: str
    position: str
    reading_position: str
    machine_id: str
    sensor_id: str
    recorded_at: datetime
    known_at: datetime
    kind: str
    score: float
    raw_score: float
    severity: str
    measurements: Mapping[str, float]
    expected: Mapping[str, float | None]
    contribution: Mapping[str, float | None]
    model: ModelName


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """A trained version."""

    model: str
    profile: str
    metrics: Mapping[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingLineage:
    """The reading that was judged."""

    position: str
    schema_id: int | None
    recorded_at: datetime
    known_at: datetime | None
    profile: str
    source: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLineage:
    """The model that judged, and what it was made from."""

    model: str
    artifact_sha256: str
    detectors: tuple[str, ...]
    trained_at: datetime | None
    rows: int | None
    manifest_sha256: str | None
    scores_since: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionLineage:
    """Who made the model champion, and why."""

    actor: str
    because: str
    promoted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictCheck:
    """One comparison of a verdict with what it follows from; `equal` is None when it could not be made."""

    what: str
    equal: bool | None
    recorded: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The reading judged again by the model of then, and all else that was held against the log."""

    equal: bool
    same_runtime: bool | None
    checks: tuple[VerdictCheck, ...]
    because: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A verdict followed back to its reading, model and promotion; `verification` when it was asked for."""

    verdict: Verdict
    reading: ReadingLineage
    model: ModelLineage
    promotion: PromotionLineage | None
    verification: Verification | None = None
