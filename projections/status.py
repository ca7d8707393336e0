"""What a projector says about itself, and when its silence is an alarm."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from domain.positions import Position
from projections.checkpoints import Checkpoint, TopicPartition

STALLED_AFTER_S: Final = 30.0

SETTLED_AFTER_US: Final = 15_000_000
"""A record's time is set before its transaction commits, at most 10 s later (its timeout) and a second for aborting: a
partition's end seen so long after a moment has everything that will ever be known of it."""


class ProjectorState(StrEnum):
    """What a projector does."""

    LOADING = "loading"
    """Reading the log for the first time; no indexes yet."""
    RUNNING = "running"
    WAITING = "waiting"
    """Something it needs is not there; it goes on by itself."""
    PAUSED = "paused"
    """Somebody said so: telltale projections resume."""
    STANDBY = "standby"
    """Another projector holds the build, and reports for it."""
    STALLED = "stalled"
    """Behind and not moving for STALLED_AFTER_S."""
    STOPPED = "stopped"
    """Somebody has to act; the cause says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectorStatus:
    """A projector at one moment.

    `applied` counts the records since the process started. `position` is where it stopped or waits, if at a record.
    """

    read_model: str
    build: str
    state: ProjectorState
    cause: str | None = None
    position: Position | None = None
    applied: int = 0
    checkpoints: Mapping[TopicPartition, Checkpoint]

    @property
    def known_at_us(self) -> int | None:
        """Return the largest time of appending among all records applied."""
        known = [at.known_at_us for at in self.checkpoints.values() if at.known_at_us is not None]
        return max(known, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How a projector stands against its log; None before it has read its checkpoint.

    lag_offsets counts up to the end of what is written, markers and open transactions too. Everything the log knew
    before `complete_to_us` is in the build, for good: it may be asked as of any earlier moment. Microseconds since
    1970 UTC; None: a partition was never at its end.
    """

    status: ProjectorStatus
    lag_offsets: int | None
    lag_seconds: float | None
    records_per_second: float
    complete_to_us: int | None = None


class ProgressWatch:
    """Follows one projector from one report to the next; times are the clock's, in seconds since 1970 UTC."""

    def __init__(self) -> None:
        self._last: ProjectorStatus | None = None
        self._last_at_s = 0.0
        self._moved_at_s = 0.0
        self._ends: Mapping[TopicPartition, int] = {}
        self._at_end_at_s: dict[TopicPartition, float] = {}
        self._held_since_s: dict[tuple[TopicPartition, int], float] = {}

    def report(
        self,
        status: ProjectorStatus,
        ends: Mapping[TopicPartition, int] | None,
        now_s: float,
        *,
        written: Mapping[TopicPartition, int] | None = None,
    ) -> Progress:
        """Return the projector's progress; `ends` are the last stable offsets of its partitions, None if not known.

        `written` are the partitions' ends with open transactions, asked before `ends`. What lies between is no
        committed reader's to see yet, and it is lag all the same: a partition is at its end, and its build complete,
        only when the last stable offset is the end of all that is written.

        lag_seconds is that of the partition furthest behind: since it was last at its end, or since the newest
        record it has, whichever is later.
        """
        if not status.checkpoints:
            return Progress(status=status, lag_offsets=None, lag_seconds=None, records_per_second=0.0)
        self._ends = self._ends if ends is None else ends
        written = written or {}
        readable = {
            where: max(0, self._ends.get(where, 0) - at.next_offset) for where, at in status.checkpoints.items()
        }
        behind = {
            where: max(readable[where], written.get(where, 0) - at.next_offset)
            for where, at in status.checkpoints.items()
        }
        if ends is not None:
            self._at_end_at_s.update({where: now_s for where, offsets in behind.items() if not offsets})
        lag = sum(behind.values())
        if self._last is None or self._last.checkpoints != status.checkpoints or not any(readable.values()):
            self._moved_at_s = now_s
        self._watch_held(status.checkpoints, written, now_s)
        rate = self._rate(status, now_s)
        self._last, self._last_at_s = status, now_s
        doubtful = [where for where, offsets in behind.items() if offsets or ends is None]
        ages = [self._age_s(status.checkpoints[where], now_s) for where in doubtful]
        return Progress(
            status=self._alarmed(status, now_s, readable=sum(readable.values())),
            lag_offsets=lag,
            lag_seconds=max(ages, default=0.0),
            records_per_second=rate,
            complete_to_us=complete_to_us(status.checkpoints, self._at_end_at_s),
        )

    def _rate(self, status: ProjectorStatus, now_s: float) -> float:
        if self._last is None or now_s <= self._last_at_s:
            return 0.0
        return max(0, status.applied - self._last.applied) / (now_s - self._last_at_s)

    def _age_s(self, checkpoint: Checkpoint, now_s: float) -> float:
        known_s = None if checkpoint.known_at_us is None else checkpoint.known_at_us / 1e6
        seen = [moment for moment in (known_s, self._at_end_at_s.get(checkpoint.where)) if moment is not None]
        return max(0.0, now_s - max(seen)) if seen else 0.0

    def _watch_held(
        self, checkpoints: Mapping[TopicPartition, Checkpoint], written: Mapping[TopicPartition, int], now_s: float
    ) -> None:
        """Keep since when each last stable offset has stood below the partition's end."""
        held = {
            (where, self._ends.get(where, 0))
            for where in checkpoints
            if written.get(where, 0) > self._ends.get(where, 0)
        }
        self._held_since_s = {place: self._held_since_s.get(place, now_s) for place in held}

    def _alarmed(self, status: ProjectorStatus, now_s: float, *, readable: int) -> ProjectorStatus:
        if status.state in (ProjectorState.STOPPED, ProjectorState.PAUSED):
            return status
        held = sorted(place for place, since in self._held_since_s.items() if now_s - since >= STALLED_AFTER_S)
        still_s = now_s - self._moved_at_s
        if held:
            cause = "; ".join(_held_text(*place, now_s - self._held_since_s[place]) for place in held)
        elif readable and still_s >= STALLED_AFTER_S:
            cause = f"{readable} behind and not moving for {still_s:.0f} s: {status.cause or 'no cause is known'}"
        else:
            return status
        return replace(status, state=ProjectorState.STALLED, cause=cause)


def _held_text(where: TopicPartition, offset: int, seconds: float) -> str:
    return (
        f"an open transaction has held {where} at offset {offset} for {seconds:.0f} s: its writer hangs or is dead; "
        "the broker ends it after the writer's transaction timeout"
    )


def complete_to_us(
    checkpoints: Mapping[TopicPartition, Checkpoint], at_end_at_s: Mapping[TopicPartition, float]
) -> int | None:
    """Return the moment before which a build lacks nothing: the least over its partitions.

    A partition lacks nothing known before its newest record, as what is known never steps back in it, nor before
    SETTLED_AFTER_US ahead of when it was last seen at its end.
    """
    least: int | None = None
    for where, checkpoint in checkpoints.items():
        passed = [] if checkpoint.known_at_us is None else [checkpoint.known_at_us]
        if where in at_end_at_s:
            passed.append(int(at_end_at_s[where] * 1_000_000) - SETTLED_AFTER_US)
        if not passed:
            return None
        least = max(passed) if least is None else min(least, max(passed))
    return least
