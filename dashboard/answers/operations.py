"""What the system says about itself."""

from dataclasses import dataclass
from datetime import datetime


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionStatus:
    """One build of a read model and its projector."""

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

    @property
    def moves(self) -> bool:
        """Return whether its projector works; the API's own words for that."""
        return self.state in {"loading", "running", "waiting"}


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
class PartitionWatermark:
    """One partition as the read models know it."""

    partition: int
    next_offset: int
    highest_next_offset: int
    known_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicWatermarks:
    """One topic as the read models know it."""

    topic: str
    kind: str
    read_models: tuple[str, ...]
    partitions: tuple[PartitionWatermark, ...]
