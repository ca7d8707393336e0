"""What a projector says about itself, and when its silence is an alarm."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.positions import Position
from projections.checkpoints import TopicPartition

STALLED_AFTER_S: Final = 30.0


class ProjectorState(StrEnum):
    """What a projector does."""

    LOADING = "loading"
    """Reading the log for the first time; no indexes yet."""
    RUNNING = "running"
    WAITING = "waiting"
    """Something it needs is not there; it goes on by itself."""
    STALLED = "stalled"
    """Behind and not moving for STALLED_AFTER_S."""
    STOPPED = "stopped"
    """Somebody has to act; the cause says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectorStatus:
    """A projector at one moment.

    `applied` counts the records since the process started; `known_at_us` is the largest of its checkpoint.
    `position` is where it stopped or waits, if at a record.
    """

    read_model: str
    build: str
    state: ProjectorState
    cause: str | None = None
    position: Position | None = None
    applied: int = 0
    next_offsets: Mapping[TopicPartition, int]
    known_at_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How a projector stands against its log; lag_offsets counts transaction markers too."""

    status: ProjectorStatus
    lag_offsets: int
    lag_seconds: float
    records_per_second: float


class ProgressWatch:
    """Follows one projector from one report to the next; times are of one monotonic or wall clock, in seconds."""

    def __init__(self) -> None:
        self._last: ProjectorStatus | None = None
        self._last_at_s = 0.0
        self._moved_at_s = 0.0
        self._at_end_at_s: float | None = None

    def report(self, status: ProjectorStatus, ends: Mapping[TopicPartition, int], now_s: float) -> Progress:
        """Return the projector's progress; `ends` are the last stable offsets of its partitions.

        lag_seconds: since it was last at the end, or since the newest record it has, whichever is later.
        """
        lag = sum(max(0, end - status.next_offsets.get(where, 0)) for where, end in ends.items())
        if self._last is None or self._last.next_offsets != status.next_offsets or not lag:
            self._moved_at_s = now_s
        if not lag:
            self._at_end_at_s = now_s
        rate = self._rate(status, now_s)
        self._last, self._last_at_s = status, now_s
        return Progress(
            status=self._alarmed(status, now_s, lag=lag),
            lag_offsets=lag,
            lag_seconds=self._lag_seconds(status, now_s),
            records_per_second=rate,
        )

    def _rate(self, status: ProjectorStatus, now_s: float) -> float:
        if self._last is None or now_s <= self._last_at_s:
            return 0.0
        return max(0, status.applied - self._last.applied) / (now_s - self._last_at_s)

    def _lag_seconds(self, status: ProjectorStatus, now_s: float) -> float:
        known_s = None if status.known_at_us is None else status.known_at_us / 1e6
        seen = [moment for moment in (known_s, self._at_end_at_s) if moment is not None]
        return max(0.0, now_s - max(seen)) if seen else 0.0

    def _alarmed(self, status: ProjectorStatus, now_s: float, *, lag: int) -> ProjectorStatus:
        still_s = now_s - self._moved_at_s
        if not lag or still_s < STALLED_AFTER_S or status.state is ProjectorState.STOPPED:
            return status
        cause = f"{lag} behind and not moving for {still_s:.0f} s: {status.cause or 'no cause is known'}"
        return ProjectorStatus(
            read_model=status.read_model,
            build=status.build,
            state=ProjectorState.STALLED,
            cause=cause,
            position=status.position,
            applied=status.applied,
            next_offsets=status.next_offsets,
            known_at_us=status.known_at_us,
        )
