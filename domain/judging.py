"""Whether every arriving reading is being judged: the one rule behind every light that says so.

It rests on what the log shows and on nothing that a process says of itself: readings that were appended, less those
that the score ledger accounts for. So a scorer that is dead, shut out, waiting or starting again and again looks the
same from here: readings come, the ledger stands still.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.positions import Position

JUDGED_WITHIN_S: Final = 10.0
"""A reading may lie unjudged for so long: what another scorer needs to take a dead one's partitions over."""

TURN_WITHIN_S: Final = 60.0
"""While other partitions are judged, one that has a backlog gets its turn within this time."""

TREND_S: Final = 60.0
"""A backlog older than this, and larger than so long ago, grows."""


class JudgingState(StrEnum):
    """The answer, best first."""

    JUDGED = "judged"
    CATCHING_UP = "catching_up"
    """Behind, and the ledger grows faster than readings come."""
    FALLING_BEHIND = "falling_behind"
    NOT_JUDGED = "not_judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionJudging:
    """What log and ledger show of one partition of readings; moments in microseconds since 1970 UTC, the log's clock.

    accounted: the offset after the last that the ledger has. oldest_at_us: when the first reading above it was
    appended; None: there is none, whatever the offsets say, since the ends of transactions take offsets too.
    held_at: where an open transaction holds committed readers, if that is in the way. waits_for: what that reading
    lacks, if it can't be judged for lack of a schema or a profile. judged_at_us: when the
    ledger last grew. lag_before: how far it was behind TREND_S ago; None: not asked.
    """

    topic: str
    partition: int
    end: int
    accounted: int
    oldest_at_us: int | None = None
    held_at: int | None = None
    waits_for: str | None = None
    judged_at_us: int | None = None
    lag_before: int | None = None

    @property
    def unjudged(self) -> int:
        """Return how many offsets wait, at least one of them with a reading."""
        return 0 if self.oldest_at_us is None else max(0, self.end - self.accounted)

    def waits_s(self, now_us: int) -> float:
        """Return for how long its oldest unjudged reading has waited."""
        return 0.0 if self.oldest_at_us is None else max(0.0, (now_us - self.oldest_at_us) / 1e6)

    def still_s(self, now_us: int) -> float:
        """Return for how long it has had work and done none of it."""
        since = max(self.oldest_at_us or 0, self.judged_at_us or 0)
        return 0.0 if self.oldest_at_us is None else max(0.0, (now_us - since) / 1e6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """The answer. oldest_s: for how long the oldest unjudged reading has waited; cause: what is wrong, from the log."""

    state: JudgingState
    unjudged: int
    oldest_s: float
    cause: str | None
    partitions: tuple[PartitionJudging, ...]

    @property
    def holds(self) -> bool:
        """Return whether readings are being judged, be it late."""
        return self.state in (JudgingState.JUDGED, JudgingState.CATCHING_UP)


def judging_of(partitions: Sequence[PartitionJudging], *, now_us: int) -> Judging:
    """Return whether every arriving reading is being judged."""
    waiting = [one for one in partitions if one.waits_s(now_us) > JUDGED_WITHIN_S]
    moving = any(
        one.judged_at_us is not None and now_us - one.judged_at_us < JUDGED_WITHIN_S * 1e6 for one in partitions
    )
    patience_s = TURN_WITHIN_S if moving else JUDGED_WITHIN_S
    stuck = [one for one in waiting if one.still_s(now_us) > patience_s]
    growing = [
        one
        for one in waiting
        if one.waits_s(now_us) > TREND_S and one.lag_before is not None and one.unjudged > one.lag_before
    ]
    state, cause = JudgingState.JUDGED, None
    if stuck:
        state, cause = JudgingState.NOT_JUDGED, _stuck_text(stuck, now_us)
    elif growing:
        state, cause = JudgingState.FALLING_BEHIND, _growing_text(growing)
    elif waiting:
        state = JudgingState.CATCHING_UP
    return Judging(
        state=state,
        unjudged=sum(one.unjudged for one in partitions),
        oldest_s=max((one.waits_s(now_us) for one in partitions), default=0.0),
        cause=cause,
        partitions=tuple(partitions),
    )


def _stuck_text(stuck: Sequence[PartitionJudging], now_us: int) -> str:
    first = max(stuck, key=lambda one: one.waits_s(now_us))
    at = Position(first.topic, first.partition, first.accounted)
    for_s = f"{first.waits_s(now_us):,.0f} s"
    if first.held_at is not None:
        held = Position(first.topic, first.partition, first.held_at)
        return f"an open transaction has held {held} for {for_s}: its writer hangs or is dead; later readings wait"
    lacking = next((one for one in stuck if one.waits_for is not None), None)
    if lacking is not None:
        at = Position(lacking.topic, lacking.partition, lacking.accounted)
        return f"{at} has waited for {lacking.waits_s(now_us):,.0f} s, and all behind it: {lacking.waits_for}"
    more = f", and {len(stuck) - 1} more partitions" if len(stuck) > 1 else ""
    return f"readings from {at} on have not been judged for {for_s}{more}"


def _growing_text(growing: Sequence[PartitionJudging]) -> str:
    before, now = sum(one.lag_before or 0 for one in growing), sum(one.unjudged for one in growing)
    return f"readings come faster than they are judged: {now:,} wait, {before:,} did {TREND_S:.0f} s ago"
