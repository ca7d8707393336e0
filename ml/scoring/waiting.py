"""What is held back: partitions whose next record names a schema or profile that the log does not have.

Only that partition waits, from that record on, and never for ever. Whoever writes readings publishes their schema and
profile first, so either comes soon, or the name is wrong. After some time the record is given up: it becomes a dead
letter, and is marked as unread, so that everybody else passes over it too. A registry that does not answer could know
the schema: until it answers, nothing is given up. A record that a person skipped is passed over at once.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
import structlog

from domain.admission import UnknownProfile
from domain.dead_letters import RecordSkipped
from domain.positions import Position
from domain.readings import microseconds
from ml.scoring.ports import ReadingDecoding, RegistryAway, SchemaNames, ScoringLog, WaitingReport, Waits
from schemas.contracts import UnknownSchemaId
from schemas.readings import UNKNOWN_SCHEMA, Readings, Rejection, UnknownReference
from schemas.records import RecordBatch

SCORER: Final = "telltale-scorer"
"""Actor of the marks that no person has caused."""

RETRY_AFTER_S: Final = 1.0
"""Between two looks whether what a partition waits for has come."""

_OWN_SCHEMAS: Final = "telltale."
_ASKED_AT_ONCE: Final = 50
"""Ids asked of the registry in one look: the other partitions go on meanwhile. The rest is asked at the next."""

_ASKED_AGAIN_AFTER_S: Final = 5.0
"""Between two questions to a registry that does not answer: the other partitions wait for the answer too."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Decoded:
    """Records of one partition that can be judged now, and the marks to be written for those that nobody reads."""

    batch: RecordBatch
    readings: Readings
    marks: tuple[RecordSkipped, ...] = ()


class Waiting:
    """The batches that one slot holds back, by partition."""

    def __init__(
        self,
        *,
        log: ScoringLog,
        decoding: ReadingDecoding,
        registry: SchemaNames,
        report: WaitingReport,
        given_up_after_s: float,
        clock: Callable[[], datetime],
    ) -> None:
        self._log = log
        self._decoding = decoding
        self._registry = registry
        self._report = report
        self._given_up_after_s = given_up_after_s
        self._clock = clock
        self._held: dict[int, RecordBatch] = {}
        self._waits: dict[int, Waits] = {}
        self._noticed: dict[tuple[str, str], datetime] = {}
        self._asked: dict[str, str | None] = {}
        self._looked_at: datetime | None = None
        self._asks_left = 0
        self._away: tuple[datetime, RegistryAway] | None = None

    def forget(self) -> None:
        """Hold nothing back any more: the partitions are read again from where their states end."""
        self._held.clear()
        self._let_go({})
        self._report.write(())  # also what a process before this one said of the slot

    def decoded(self, batches: Mapping[int, RecordBatch]) -> dict[int, Decoded]:
        """Return what can be judged of new batches and of those held back; the rest is held back from now on."""
        if not self._held:
            with suppress(UnknownSchemaId, UnknownProfile):  # which of them has to wait is found out below
                readings = self._decoding.decode_new(tuple(batches.values()))
                return {
                    partition: Decoded(batch, one, self._marks(batch, one))
                    for (partition, batch), one in zip(batches.items(), readings, strict=True)
                }
        now = self._clock()
        looks = dict(batches)
        if self._looked_at is None or not 0 <= (now - self._looked_at).total_seconds() < RETRY_AFTER_S:
            self._looked_at, self._asks_left = now, _ASKED_AT_ONCE
            looks |= self._held
        waits = {partition: held for partition, held in self._waits.items() if partition not in looks}
        found = {}
        for partition, batch in looks.items():
            ready, one_waits = self._look(batch, now)
            if one_waits is not None:
                waits[partition] = one_waits
            if ready is not None:
                found[partition] = ready
        self._let_go(waits)
        return found

    def _look(self, batch: RecordBatch, now: datetime) -> tuple[Decoded | None, Waits | None]:
        """Return what of a batch can be judged, and why the rest has to wait; the rest is then held."""
        given_up: list[Rejection] = []
        end, waits = len(batch), None
        try:
            (readings,) = self._decoding.decode_new([batch])
        except (UnknownSchemaId, UnknownProfile):
            missing = self._decoding.unknown(batch)
            for unknown in missing:  # the time of all of them begins now, not when it is their turn
                self._noticed.setdefault((unknown.what, unknown.name), now)
            for unknown in missing:
                row = int(np.searchsorted(batch.offsets, unknown.offset))
                waits = self._waits_for(unknown, batch, row, now)
                if waits is not None:
                    end = row
                    break
                given_up.append(Rejection.of(unknown.offset, unknown.what, unknown.message))
            head = batch.take(np.arange(end))
            bad = [rejection.offset for rejection in given_up]
            (readings,) = self._decoding.decode_new([head.take(np.flatnonzero(~np.isin(head.offsets, bad)))])
            rejected = sorted((*readings.rejected, *given_up), key=lambda rejection: rejection.offset)
            readings = replace(readings, rejected=tuple(rejected))
        else:
            head = batch
        partition = batch.partition
        if waits is not None:
            if partition not in self._held:
                self._log.pause(partition)
            self._held[partition] = batch.take(np.arange(end, len(batch)))
        elif self._held.pop(partition, None) is not None:
            _log.info("partition_resumes", partition=partition)
            self._log.resume(partition)
        if not len(head):
            return None, waits
        return Decoded(head, readings, (*self._marks(head, readings), *_given_up(head, given_up))), waits

    def _waits_for(self, unknown: UnknownReference, batch: RecordBatch, row: int, now: datetime) -> Waits | None:
        """Return why a record has to wait; None when it is given up."""
        since = self._noticed[unknown.what, unknown.name]
        appended_s = (microseconds(now) - int(batch.appended_at_us[row])) / 1e6
        waited_s = max((now - since).total_seconds(), appended_s)
        position = Position(batch.topic, batch.partition, unknown.offset)
        cause = f"{unknown.message}; given up after {self._given_up_after_s:g} s"
        if waited_s >= self._given_up_after_s:
            if unknown.what != UNKNOWN_SCHEMA:
                return None
            try:
                means = self._means(unknown.name, now)
            except RegistryAway as away:
                cause = f"{unknown.message}, and nothing is given up until the registry answers: {away}"
            else:
                if means is None or not means.startswith(_OWN_SCHEMAS):
                    return None
                cause = f"schema id {unknown.name} is {means} in the registry, but not in topic contracts"
        then = f'telltale contracts publish; or, if it may be lost: telltale skip {position} --because "why"'
        if unknown.what != UNKNOWN_SCHEMA:
            then = f'define the profile; or, if it may be lost: telltale skip {position} --because "why"'
        before = self._waits.get(batch.partition)
        return Waits(
            position=position,
            since=before.since if before is not None and before.position == position else now,
            cause=cause,
            then=then,
        )

    def _means(self, schema_id: str, now: datetime) -> str | None:
        """Return what the registry says of an id; asked once while something waits.

        Raises:
            RegistryAway: it does not answer, has just not answered, or was asked about enough others.
        """
        if schema_id in self._asked:
            return self._asked[schema_id]
        if self._away is not None and 0 <= (now - self._away[0]).total_seconds() < _ASKED_AGAIN_AFTER_S:
            raise self._away[1]
        if self._asks_left <= 0:
            raise RegistryAway("it has been asked about many others, and is asked about this one next")
        self._asks_left -= 1
        try:
            self._asked[schema_id] = self._registry.name_of(int(schema_id))
        except RegistryAway as away:
            self._away = now, away
            raise
        return self._asked[schema_id]

    def _marks(self, batch: RecordBatch, readings: Readings) -> tuple[RecordSkipped, ...]:
        """Return the marks for the skipped records of a batch: they were not read, and never will be."""
        skips = [self._decoding.skip_of(offset, batch.partition) for offset in readings.skipped]
        return tuple(replace(skip, unread=True) for skip in skips if skip is not None)

    def _let_go(self, waits: dict[int, Waits]) -> None:
        """Note what waits now, and report it where that is news."""
        if waits == self._waits:
            return
        for partition, one in waits.items():
            if self._waits.get(partition) != one:
                _log.warning(
                    "partition_waits",
                    partition=partition,
                    position=str(one.position),
                    since=one.since.isoformat(),
                    cause=one.cause,
                    then=one.then,
                )
        self._waits = waits
        if not waits:
            self._noticed.clear()
            self._asked.clear()
        self._report.write([waits[partition] for partition in sorted(waits)])


def _given_up(batch: RecordBatch, given_up: Sequence[Rejection]) -> tuple[RecordSkipped, ...]:
    return tuple(
        RecordSkipped(
            position=str(Position(batch.topic, batch.partition, rejection.offset)),
            because=f"{rejection.error}: {rejection.message}",
            actor=SCORER,
            unread=True,
        )
        for rejection in given_up
    )
