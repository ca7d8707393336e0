"""The scorer's own records: ledger, change of model, snapshot of state."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.models import ModelRef


class Flag(StrEnum):
    """What kept an offset from an ordinary score."""

    LATE = "late"
    DUPLICATE = "duplicate"
    CLOCK_AHEAD = "clock_ahead"
    UNSCORED = "unscored"
    UNJUDGED = "unjudged"
    REJECTED = "rejected"
    SKIPPED = "skipped"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreColumn:
    """Ratios of one detector, one slot per offset; NaN where it gave none."""

    detector: str
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlaggedRanges:
    """Half-open offset ranges with one flag: first, next, first, next, … ascending."""

    name: str
    ranges: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInForce:
    """The model that judged a profile's readings."""

    profile: str
    model: str
    artifact_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingsScored:
    """What one scorer transaction did with one partition's records. Schema: telltale.ReadingsScored.avsc."""

    source_topic: str
    source_partition: int
    from_offset: int
    next_offset: int
    columns: tuple[ScoreColumn, ...]
    abnormal: tuple[int, ...]
    flags: tuple[FlaggedRanges, ...]
    models: tuple[ModelInForce, ...]
    inputs: Mapping[str, int]
    run_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringModelChanged:
    """From this offset on another model judges a profile. Schema: telltale.ScoringModelChanged.avsc."""

    source_topic: str
    source_topic_id: str
    source_partition: int
    from_offset: int
    model: ModelRef
    previous: ModelRef | None
    model_events_offset: int
    threshold: float
    parameters_sha256: str
    code_version: str
    runtime: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerStateSaved:
    """One chunk of a snapshot of a partition's state. Schema: telltale.ScorerStateSaved.avsc."""

    source_topic: str
    source_partition: int
    next_offset: int
    models: Mapping[str, str]
    inputs: Mapping[str, int]
    chunk: int
    chunks: int
    encoding: str
    content: bytes
