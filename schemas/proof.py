"""Proving the contracts: every record that lies in the log, read with today's schemas.

A compatibility rule says that old records should be readable. This shows it of the records themselves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from domain.positions import NotAPosition, Position
from domain.topics import CONTRACTS, DEAD_LETTERS, SKIPS, TOPICS
from schemas.catalogue import text_sha256
from schemas.codec import decode_plain
from schemas.contracts import Contracts, UnknownSchemaId
from schemas.decoder import READING, ReadingDecoder, rows_by_schema
from schemas.publication import decode_published
from schemas.readings import Rejection
from schemas.records import RecordBatch
from schemas.wire import BadRecord

UNKNOWN_ID: Final = "unknown_id"
WRONG_TOPIC: Final = "wrong_topic"
_EXAMPLES: Final = 20
"""Unreadable records of one kind that are named one by one."""


@dataclass(frozen=True, slots=True)
class Readable:
    """Records of one topic and schema id that today's schema of their event reads; first and last as appended."""

    topic: str
    schema_id: int
    event: str
    records: int
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Records of one topic that can't be read, for one reason; `known` of them lie in dead-letters or are skipped.

    `unknown` names the first of the others.
    """

    topic: str
    error: str
    message: str
    records: int
    known: int
    first: str
    last: str
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """What was read of the log, and what could not be."""

    readable: tuple[Readable, ...]
    unreadable: tuple[Unreadable, ...]

    @property
    def holds(self) -> bool:
        """Return whether every record is readable or known to be bad."""
        return all(group.records == group.known for group in self.unreadable)

    @property
    def records(self) -> int:
        """Return how many records were looked at."""
        return sum(group.records for group in self.readable) + sum(group.records for group in self.unreadable)


@dataclass(slots=True)
class _Stretch:
    """Records seen so far of one kind, and the first and last of them by the time they were appended."""

    records: int = 0
    first: tuple[int, Position] | None = None
    last: tuple[int, Position] | None = None
    positions: list[Position] = field(default_factory=list)
    message: str = ""

    def add(self, batch: RecordBatch, rows: Iterable[int]) -> None:
        seen = np.asarray(list(rows), np.intp)
        if not len(seen):
            return
        self.records += len(seen)
        for row in (seen[0], seen[-1]):
            here = int(batch.appended_at_us[row]), _position(batch, int(row))
            self.first = min(self.first or here, here)
            self.last = max(self.last or here, here)

    @property
    def ends(self) -> tuple[str, str]:
        return tuple(str(end[1]) if end else "" for end in (self.first, self.last))  # type: ignore[return-value]


class ContractProver:
    """Takes in the whole log, batch by batch, partitions in any order; the contracts must be complete before."""

    def __init__(self, contracts: Contracts) -> None:
        self._contracts = contracts
        self._readings = ReadingDecoder(contracts, {})
        self._readable: dict[tuple[str, int], _Stretch] = {}
        self._unreadable: dict[tuple[str, str], _Stretch] = {}
        self._known_bad: set[Position] = set()

    def add(self, batch: RecordBatch) -> None:
        """Read every record of a batch."""
        bad: dict[int, Rejection] = {}
        for schema_id, rows in rows_by_schema(batch, bad).items():
            part = batch if len(rows) == len(batch) else batch.take(np.asarray(rows, np.intp))
            found = {rejection.offset: rejection for rejection in self._read(part, schema_id)}
            bad |= found
            good = (row for row, offset in enumerate(part.offsets.tolist()) if offset not in found)
            self._readable.setdefault((batch.topic, schema_id), _Stretch()).add(part, good)
        if bad:
            self._note(batch, bad)

    def finish(self) -> Proof:
        """Return the proof over everything taken in."""
        readable = (
            Readable(topic, schema_id, self._event(topic, schema_id), stretch.records, *stretch.ends)
            for (topic, schema_id), stretch in sorted(self._readable.items())
            if stretch.records
        )
        unreadable = []
        for (topic, error), stretch in sorted(self._unreadable.items()):
            unknown = [position for position in stretch.positions if position not in self._known_bad]
            known = stretch.records - len(unknown)
            named = tuple(map(str, unknown[:_EXAMPLES]))
            unreadable.append(Unreadable(topic, error, stretch.message, stretch.records, known, *stretch.ends, named))
        return Proof(tuple(readable), tuple(unreadable))

    def _read(self, batch: RecordBatch, schema_id: int) -> Iterable[Rejection]:
        if batch.topic == CONTRACTS:
            return self._read_publications(batch)
        try:
            event = self._contracts.event(schema_id)
        except UnknownSchemaId as error:
            return [Rejection(offset, UNKNOWN_ID, str(error)) for offset in batch.offsets.tolist()]
        if event not in TOPICS[batch.topic].events:
            message = f"{event} does not belong into {batch.topic}"
            return [Rejection(offset, WRONG_TOPIC, message) for offset in batch.offsets.tolist()]
        return self._readings.undecodable(batch) if event == READING else self._read_singly(batch)

    def _read_singly(self, batch: RecordBatch) -> Iterable[Rejection]:
        for offset, value in zip(batch.offsets.tolist(), batch.values, strict=True):
            try:
                _, fields = decode_plain(value, self._contracts)
            except BadRecord as error:
                yield Rejection(offset, error.error, str(error))
                continue
            if batch.topic in {DEAD_LETTERS, SKIPS}:
                self._learn(fields)

    def _read_publications(self, batch: RecordBatch) -> Iterable[Rejection]:
        for offset, value in zip(batch.offsets.tolist(), batch.values, strict=True):
            try:
                published = decode_published(value)
            except BadRecord as error:
                yield Rejection(offset, error.error, str(error))
                continue
            if text_sha256(published.text) != published.sha256:
                yield Rejection(offset, "sha256", f"the text of id {published.id} is not the one its sha256 names")

    def _learn(self, fields: Mapping[str, object]) -> None:
        """Note a record that is known to be bad."""
        try:
            self._known_bad.add(Position.parse(str(fields["position"])))
        except NotAPosition:
            return

    def _note(self, batch: RecordBatch, bad: Mapping[int, Rejection]) -> None:
        for row, offset in enumerate(batch.offsets.tolist()):
            if offset in bad:
                stretch = self._unreadable.setdefault((batch.topic, bad[offset].error), _Stretch())
                stretch.message = stretch.message or bad[offset].message
                stretch.positions.append(_position(batch, row))
                stretch.add(batch, [row])

    def _event(self, topic: str, schema_id: int) -> str:
        return "SchemaPublished" if topic == CONTRACTS else self._contracts.event(schema_id)


def _position(batch: RecordBatch, row: int) -> Position:
    return Position(batch.topic, batch.partition, int(batch.offsets[row]))
