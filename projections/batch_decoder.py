"""From records to rows of `batch`: one partition's batch at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from domain.admission import UnknownProfile
from domain.topics import SENSOR_EVENTS
from projections.batch_rows import PlainEvent, event_rows, no_rows, reading_rows
from projections.batch_table import batch_columns
from projections.checkpoints import TopicPartition
from projections.folder import READING, Folder
from projections.ports import Rejected, Vocabulary
from schemas.codec import decode_plain
from schemas.contracts import UnknownSchemaId
from schemas.decoder import ReadingDecoder
from schemas.readings import UNKNOWN_SCHEMA
from schemas.records import RecordBatch
from schemas.wire import BadRecord, schema_id_of

SKIPPED: Final = "skipped"
"""Class of a record that a person told every build to pass over."""


@dataclass(frozen=True, slots=True)
class Decodable:
    """The first `records` of a batch, decoded in `pieces`; `cause` says why the rest has to wait, None if none has."""

    pieces: tuple["DecodedBatch", ...]
    records: int
    cause: str | None


@dataclass(frozen=True, slots=True)
class DecodedBatch:
    """A partition's records as rows, and those that are none."""

    rows: pa.RecordBatch
    rejected: tuple[Rejected, ...]


def known_at(appended_at_us: NDArray[np.int64], before_us: int | None) -> NDArray[np.int64]:
    """Return when each record was known: its time of appending, or the largest before it in its partition.

    A log's clock can step back; what is known never becomes unknown. appended_at_us: int64 array (n,).
    """
    largest: NDArray[np.int64] = np.maximum.accumulate(appended_at_us)
    return largest if before_us is None else np.maximum(largest, before_us)


class BatchDecoder:
    """Decodes what one read model reads, with what the vocabulary says at the time."""

    def __init__(self, folder: Folder, vocabulary: Vocabulary) -> None:
        self.columns: Final = batch_columns(folder)
        self._events = frozenset(folder.events)
        self._vocabulary = vocabulary
        self._readings = ReadingDecoder(vocabulary.contracts, vocabulary.profiles)
        self._foreign_ids: set[int] = set()

    def decode(self, batch: RecordBatch, known_at_us: NDArray[np.int64]) -> DecodedBatch:
        """Return the rows of `batch`; `known_at_us`: int64 array (n,), one per record.

        Raises:
            UnknownSchemaId: a record names an id that is not published: wait.
            UnknownProfile: a reading names a profile that is not defined yet: wait.
        """
        batch, known_at_us, skipped = self._without_skipped(batch, known_at_us)
        decoded = self._decode_readings if batch.topic == SENSOR_EVENTS else self._decode_events
        kept = decoded(batch, known_at_us) if len(batch) else DecodedBatch(no_rows(self.columns), ())
        return DecodedBatch(kept.rows, (*skipped, *kept.rejected)) if skipped else kept

    def decode_until_unknown(self, batch: RecordBatch, known_at_us: NDArray[np.int64]) -> Decodable:
        """Return what of `batch` can be decoded before the first record that means nothing yet."""
        try:
            return Decodable((self.decode(batch, known_at_us),), len(batch), None)
        except (UnknownSchemaId, UnknownProfile) as unknown:
            if len(batch) == 1:
                return Decodable((), 0, str(unknown))
        middle = len(batch) // 2
        rows = np.arange(len(batch))
        head = self.decode_until_unknown(batch.take(rows[:middle]), known_at_us[:middle])
        if head.cause is not None:
            return head
        tail = self.decode_until_unknown(batch.take(rows[middle:]), known_at_us[middle:])
        return Decodable((*head.pieces, *tail.pieces), head.records + tail.records, tail.cause)

    def _without_skipped(
        self, batch: RecordBatch, known_at_us: NDArray[np.int64]
    ) -> tuple[RecordBatch, NDArray[np.int64], Sequence[Rejected]]:
        if not self._vocabulary.skipped:
            return batch, known_at_us, ()
        where = TopicPartition(batch.topic, batch.partition)
        positions = [where.at(offset) for offset in batch.offsets.tolist()]
        keep = np.array([row for row, at in enumerate(positions) if at not in self._vocabulary.skipped], np.intp)
        if len(keep) == len(batch):
            return batch, known_at_us, ()
        skipped = [
            Rejected(at, SKIPPED, self._vocabulary.skipped[at]) for at in positions if at in self._vocabulary.skipped
        ]
        return batch.take(keep), known_at_us[keep], skipped

    def _decode_readings(self, batch: RecordBatch, known_at_us: NDArray[np.int64]) -> DecodedBatch:
        if READING not in self._events:
            return DecodedBatch(no_rows(self.columns), ())
        readings = self._readings.decode(batch)
        where = TopicPartition(batch.topic, batch.partition)
        rejected = tuple(Rejected(where.at(bad.offset), bad.error, bad.message) for bad in readings.rejected)
        admitted = known_at_us[np.searchsorted(batch.offsets, readings.offsets)] if rejected else known_at_us
        return DecodedBatch(reading_rows(readings, admitted, self.columns), rejected)

    def _event_of(self, schema_id: int) -> str:
        """Return the event of an id in a topic that Telltale alone writes: its schema was published before it.

        Raises:
            BadRecord: after another look the id is still unknown, so the record is somebody else's.
        """
        contracts = self._vocabulary.contracts
        if schema_id not in contracts and schema_id not in self._foreign_ids:
            self._vocabulary.refresh()
            if schema_id not in contracts:
                self._foreign_ids.add(schema_id)
        if schema_id in self._foreign_ids:
            raise BadRecord(UNKNOWN_SCHEMA, f"schema id {schema_id} is not in topic contracts")
        return contracts.event(schema_id)

    def _decode_events(self, batch: RecordBatch, known_at_us: NDArray[np.int64]) -> DecodedBatch:
        contracts = self._vocabulary.contracts
        where = TopicPartition(batch.topic, batch.partition)
        events: list[PlainEvent] = []
        rejected: list[Rejected] = []
        records = zip(
            batch.offsets.tolist(),
            batch.appended_at_us.tolist(),
            known_at_us.tolist(),
            batch.keys,
            batch.values,
            strict=True,
        )
        for offset, appended_us, known_us, key, value in records:
            try:
                if self._event_of(schema_id_of(value)) in self._events:
                    name, fields = decode_plain(value, contracts)
                    events.append(PlainEvent(offset, appended_us, known_us, key, name, fields))
            except BadRecord as bad:
                rejected.append(Rejected(where.at(offset), bad.error, str(bad)))
        return DecodedBatch(event_rows(batch.topic, batch.partition, events, self.columns), tuple(rejected))
