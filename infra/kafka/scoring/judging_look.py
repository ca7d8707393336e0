"""What log and score ledger show of the judging: one look, which everybody who shows a light about it shares.

It only looks. It never trusts what the scorers' group has committed: anybody can set that, the ledger nobody can.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from confluent_kafka import KafkaException

from domain.judging import JUDGED_WITHIN_S, TREND_S, Judging, PartitionJudging, judging_of
from domain.scoring import ReadingsScored
from domain.topics import ANOMALY_EVENTS, SENSOR_EVENTS
from infra.kafka.client.clients import LogNotReachable, partitions_of
from infra.kafka.client.ends import LogEnds, Place
from infra.kafka.client.log_range import LogStalled
from infra.kafka.meaning.contracts import ContractsFollower
from infra.kafka.scoring.stretches import COMMITTED, UNCOMMITTED, Stretches, StretchReader
from infra.kafka.scoring.waiting_cause import WaitingCause
from schemas.codec import Event, decode
from schemas.contracts import UnknownSchemaId
from schemas.wire import BadRecord

ANSWER_S: Final = 3.0
"""How long the broker may take over one question."""

_FIRST_LOOK: Final = 4
"""Offsets looked at from a ledger's end backwards at first; each further look takes four times as many."""


@dataclass(frozen=True, slots=True)
class _Ledger:
    """The newest ledger of a partition: where the log of ledgers goes on after it, what it says, and since when."""

    after: int
    scored: ReadingsScored
    at_us: int


class JudgingLook:
    """Looks at one log; used by one thread at a time, and may be kept: it remembers the ledgers it has seen."""

    def __init__(self, bootstrap: str, *, timeout_s: float = ANSWER_S) -> None:
        self._bootstrap: Final = bootstrap
        self._timeout_s: Final = timeout_s
        self._ends: Final = LogEnds(bootstrap, timeout_s=timeout_s)
        self._contracts: Final = ContractsFollower(bootstrap)
        self._causes: Final = WaitingCause(bootstrap, self._contracts.contracts)
        self._stretches: Final = StretchReader(bootstrap)
        self._ledgers: Final[dict[int, _Ledger]] = {}
        self._refreshed = False
        self._oldest: Mapping[Place, Any] = {}
        self._empty: Final[dict[tuple[Place, str], tuple[int, int]]] = {}
        """Stretches in which nothing that is looked for was found: for good, so they are not read again."""

    def look(self) -> Judging:
        """Return whether every arriving reading is being judged.

        Raises:
            LogNotReachable: the broker does not answer in time.
        """
        self._refreshed = False
        try:
            return judging_of(self._partitions(), now_us=_now_us())
        except (KafkaException, LogStalled) as error:
            raise LogNotReachable(self._bootstrap, str(error)) from error
        except LogNotReachable:
            self.close()  # what a client knew of that broker is of no use any more
            raise

    def close(self) -> None:
        """Leave the broker; the next look meets it anew."""
        self._causes.close()
        self._stretches.close()

    def _partitions(self) -> list[PartitionJudging]:
        numbers = partitions_of(SENSOR_EVENTS)
        readings = [(SENSOR_EVENTS, number) for number in numbers]
        # Ledgers first: what they cover has been written by then, so no partition is ever ahead of its end.
        self._follow_ledgers(self._ends.stable([(ANOMALY_EVENTS, number) for number in numbers]))
        stable = self._ends.stable(readings)
        written = self._ends.written(readings)
        first = self._ends.first([place for place in readings if place[1] not in self._ledgers])
        found = [self._partition(place, end=written[place], first=first.get(place, 0)) for place in readings]
        aged = [self._with_cause(one) for one in self._with_ages(found, stable)]
        return self._with_trend([one for one in aged if one.waits_s(_now_us()) > TREND_S], aged)

    def _with_cause(self, one: PartitionJudging) -> PartitionJudging:
        """Add what the oldest unjudged reading lacks, if it has waited for long."""
        message = self._oldest.get(_place(one))
        if message is None or one.held_at is not None or one.still_s(_now_us()) <= JUDGED_WITHIN_S:
            return one
        self._decoded(message.value())  # takes in a contract that was published meanwhile
        return replace(one, waits_for=self._causes.of(message.value()))

    def _partition(self, place: Place, *, end: int, first: int) -> PartitionJudging:
        ledger = self._ledgers.get(place[1])
        return PartitionJudging(
            topic=place[0],
            partition=place[1],
            end=end,
            accounted=first if ledger is None else ledger.scored.next_offset,
            judged_at_us=None if ledger is None else ledger.at_us,
        )

    def _with_ages(self, found: Sequence[PartitionJudging], stable: Mapping[Place, int]) -> list[PartitionJudging]:
        """Add the moment of the oldest unjudged reading; one in an open transaction only where no other is."""
        spans = {one: (one.accounted, stable[_place(one)]) for one in found}
        oldest = self._first_records({_place(one): span for one, span in spans.items() if span[0] < span[1]}, COMMITTED)
        open_ones = {
            _place(one): (max(span), one.end)
            for one, span in spans.items()
            if _place(one) not in oldest and max(span) < one.end
        }
        held = self._first_records(open_ones, UNCOMMITTED)
        self._oldest = {**oldest, **held}
        return [
            replace(
                one,
                oldest_at_us=_moment_us(self._oldest.get(_place(one))),
                held_at=open_ones[_place(one)][0] if _place(one) in held else None,
            )
            for one in found
        ]

    def _with_trend(self, old: Sequence[PartitionJudging], found: Sequence[PartitionJudging]) -> list[PartitionJudging]:
        """Add how far old backlogs were behind TREND_S ago: what was appended by then, less what the ledger said."""
        if not old:
            return list(found)
        moment_ms = _now_us() // 1000 - int(TREND_S * 1000)
        ends = self._ends.from_moment([_place(one) for one in old], moment_ms=moment_ms)
        ledgers = self._ends.from_moment([(ANOMALY_EVENTS, one.partition) for one in old], moment_ms=moment_ms)
        stretches = {
            place: (start, self._ledgers[place[1]].after)
            for place, start in ledgers.items()
            if place[1] in self._ledgers and 0 <= start < self._ledgers[place[1]].after
        }
        then: dict[int, int] = {}
        for message in self._stretches.records(stretches, COMMITTED):
            if message.partition() not in then and (ledger := self._ledger_in(message)) is not None:
                then[message.partition()] = ledger.from_offset
        lags = {}
        for one in old:
            end = ends[_place(one)]
            lags[one.partition] = max(0, (end if end >= 0 else one.end) - then.get(one.partition, one.accounted))
        return [replace(one, lag_before=lags.get(one.partition)) for one in found]

    def _follow_ledgers(self, ends: Mapping[Place, int]) -> None:
        """Bring the newest ledger of every partition up to date, reading backwards from its end."""
        below, look = dict(ends), _FIRST_LOOK
        while below:
            known = {place: self._looked_to(place) for place in below}
            stretches = {
                place: (max(known[place], end - look), end) for place, end in below.items() if known[place] < end
            }
            tails: dict[Place, list[Any]] = {place: [] for place in stretches}
            for message in self._stretches.records(stretches, COMMITTED):
                tails[message.topic(), message.partition()].append(message)
            below = {}
            for place, (start, _) in stretches.items():
                if self._take_newest(place, tails[place]):
                    continue
                if start == known[place]:
                    self._empty[place, COMMITTED] = (start, ends[place])
                else:
                    below[place] = start
            look *= 4

    def _looked_to(self, place: Place) -> int:
        """Return up to where a partition of ledgers holds none that is newer than the known one."""
        ledger = self._ledgers.get(place[1])
        return max(0 if ledger is None else ledger.after, self._empty.get((place, COMMITTED), (0, 0))[1])

    def _take_newest(self, place: Place, tail: Sequence[Any]) -> bool:
        for message in reversed(tail):
            if (scored := self._ledger_in(message)) is not None:
                self._ledgers[place[1]] = _Ledger(message.offset() + 1, scored, message.timestamp()[1] * 1000)
                return True
        return False

    def _ledger_in(self, message: Any) -> ReadingsScored | None:
        """Return the ledger that a record is; None for verdicts, and for whatever others wrote there."""
        event = self._decoded(message.value())
        return event if isinstance(event, ReadingsScored) and event.source_topic == SENSOR_EVENTS else None

    def _decoded(self, value: bytes | None) -> Event | None:
        with suppress(BadRecord):
            try:
                return decode(value, self._contracts.contracts)
            except UnknownSchemaId:
                if self._refreshed:  # once a look: anybody can write as many ids as they like
                    return None
                self._contracts.refresh()
                self._refreshed = True
            with suppress(UnknownSchemaId):
                return decode(value, self._contracts.contracts)
        return None

    def _first_records(self, stretches: Stretches, isolation: str) -> dict[Place, Any]:
        """Return the first record of each stretch; stretches without one are left out."""
        found: dict[Place, Any] = {}
        fresh = {place: span for place, span in stretches.items() if self._empty.get((place, isolation)) != span}
        for message in self._stretches.records(fresh, isolation, only_first=True):
            found[message.topic(), message.partition()] = message
        self._empty.update({(place, isolation): span for place, span in fresh.items() if place not in found})
        return found


def _place(one: PartitionJudging) -> Place:
    return (one.topic, one.partition)


def _moment_us(message: Any | None) -> int | None:
    return None if message is None else message.timestamp()[1] * 1000


def _now_us() -> int:
    return time.time_ns() // 1000
