"""What the system says about itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgingAnswer:
    """Whether every arriving reading is being judged; `state` is `judged` only then."""

    state: str
    unjudged: int | None
    oldest_unjudged_s: float | None
    cause: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How complete the answers are."""

    now: datetime
    complete_to: datetime | None
    behind_s: float | None
    last_reading_known_at: datetime | None
    machines: int
    sensors: int
    readings: int
    judging: JudgingAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One build of a read model."""

    build: int
    serving: bool
    state: str
    created_at: datetime
    loaded_at: datetime | None
    lag_offsets: int | None
    lag_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Rows of one table that two builds do not agree on."""

    table: str
    only_here: int
    only_there: int
    different: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A build computed from the log, compared with the one that served, both at the same positions."""

    proved_at: datetime
    equal: bool
    build: int
    against_build: int
    rows: int
    seconds: float
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadModel:
    """A read model: its serving build and that one's projector, all its builds, and when it was last proven."""

    read_model: str
    build: int
    serving: bool
    state: str
    cause: str | None
    position: str | None
    lag_offsets: int | None
    lag_seconds: float | None
    rate_per_s: float | None
    known_at: datetime | None
    reported_at: datetime | None
    builds: tuple[Build, ...]
    last_proof: Proof | None
    swapped_at: datetime | None
    swapped_because: str | None

    @property
    def moves(self) -> bool:
        """Return whether its projector works, or rests because somebody said so; the API's own words for that."""
        return self.state in {"loading", "running", "paused", "waiting"}

    @property
    def others(self) -> tuple[Build, ...]:
        """Return its builds that do not serve."""
        return tuple(build for build in self.builds if not build.serving)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One published version of one event's schema."""

    subject: str
    version: int
    id: int
    event: str
    topic: str
    sha256: str
    published_at: datetime
    position: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenSchema:
    """Records of one topic and schema id that today's schema of their event reads."""

    topic: str
    schema_id: int
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableRecords:
    """Records of one topic that can't be read, for one reason; `known` of them are dead letters or skipped."""

    topic: str
    error: str
    message: str
    records: int
    known: int
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractProof:
    """What reading every stored record with today's schemas found."""

    proved_at: datetime
    seconds: float
    holds: bool
    records: int
    ends: Mapping[str, int]
    readable: tuple[ProvenSchema, ...]
    unreadable: tuple[UnreadableRecords, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractsState:
    """Whether the registry answers, and the last proof."""

    registry_answers: bool
    last_proof: ContractProof | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A record that could not be accepted, and what became of it."""

    position: str
    error: str
    message: str
    stage: str
    dead_lettered_at: datetime
    state: str
    redriven_as: str | None
    because: str | None
    actor: str | None
    command: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionWatermark:
    """One partition; None where no read model reads it, or the log does not answer."""

    partition: int
    next_offset: int | None
    highest_next_offset: int | None
    first_offset: int | None
    end_offset: int | None
    known_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicWatermarks:
    """One topic: from where to where the log holds it, and who reads it how far."""

    topic: str
    kind: str
    read_models: tuple[str, ...]
    whole: bool | None
    partitions: tuple[PartitionWatermark, ...]
