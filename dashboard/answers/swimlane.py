"""Time across, machines or sensors down, the worst verdict in each cell."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One row; entry i of each tuple belongs to bucket i. `readings` 0 means no data, which is not normal."""

    machine_id: str
    sensor_id: str | None
    worst_score: float | None
    abnormal_since: datetime | None = None
    """First verdict of the run that the last one belongs to, wherever the range begins."""
    readings: tuple[int, ...]
    not_judged: tuple[int, ...]
    anomalies: tuple[int, ...]
    scores: tuple[float | None, ...]
    severities: tuple[str | None, ...]

    @property
    def name(self) -> str:
        """Return what the lane is called: its sensor where lanes are sensors, else its machine."""
        return self.sensor_id or self.machine_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChange:
    """A model came into force, where `previous` was; None: nothing was judged before."""

    at: datetime
    profile: str
    model: str
    previous: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Swimlane:
    """Lanes over buckets of equal width."""

    by: str
    starts_at: datetime
    ends_at: datetime
    bucket_s: int
    buckets: tuple[datetime, ...]
    lanes: tuple[Lane, ...]
    lanes_in_all: int
    model_changes: tuple[ModelChange, ...]
    data_starts_at: datetime | None
    data_ends_at: datetime | None
    complete: bool = True
    """Whether an answer as of an earlier time holds everything that was known then; in a header of the answer."""
