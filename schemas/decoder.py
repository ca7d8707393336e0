"""The one decoder of readings: bytes to columns, by the thousand.

pyruhvro decodes a batch; what it refuses is bisected down to single records, which fastavro judges, as it does
every record whose length is not exactly that of its fields (pyruhvro reads over trailing bytes in silence).
Columns that can't be seen at a glance to be admissible go through `domain.admission.admit` row by row, so a
batch is judged by the same rule as a single reading.
"""

import contextlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa
import pyruhvro
from numpy.typing import NDArray

from domain.profiles import ProfileDefined
from domain.readings import microseconds
from schemas.admission import screen, unknown_profiles
from schemas.catalogue import schema_of
from schemas.codec import decode_plain
from schemas.contracts import Contracts, UnknownSchemaId
from schemas.encoded_length import encoded_lengths
from schemas.joining import joined, parted
from schemas.readings import UNKNOWN_PROFILE, UNKNOWN_SCHEMA, Readings, Rejection, UnknownReference, canonical_uuids
from schemas.records import RecordBatch
from schemas.wire import HEADER_BYTES, BadRecord, schema_id_of

READING: Final = "SensorReadingRecorded"
COLUMNS: Final = pa.schema(
    [
        ("event_id", pa.string()),
        ("machine_id", pa.string()),
        ("sensor_id", pa.string()),
        ("profile", pa.string()),
        ("recorded_at", pa.int64()),
        ("measurements", pa.map_(pa.string(), pa.float64())),
        ("source", pa.string()),
        ("anomaly_injected", pa.bool_()),
        ("anomaly_type", pa.string()),
    ]
)
"""Columns in which readings are decoded; recorded_at in microseconds since 1970 UTC."""

_Piece = tuple[pa.RecordBatch, NDArray[np.intp]]
"""Decoded records as columns, and their rows in the batch they come from."""


class ReadingDecoder:
    """Decodes and admits readings; `profiles` maps references such as pump@1, and may grow meanwhile."""

    def __init__(self, contracts: Contracts, profiles: Mapping[str, ProfileDefined]) -> None:
        self._contracts = contracts
        self._profiles = profiles

    def decode(self, batch: RecordBatch) -> Readings:
        """Return the admitted readings of `batch` in columns, and the records it rejects.

        Raises:
            UnknownSchemaId: a record names an id that is not published: wait, the record is not bad.
            UnknownProfile: a reading names a profile that is not defined yet: wait.
        """
        bad: dict[int, Rejection] = {}
        table, rows = self._columns(batch, bad)
        kept = batch if len(rows) == len(batch) else batch.take(rows)
        admission = screen(table, kept.keys, self._profiles)
        for row, refusal in admission.refused.items():
            offset = int(kept.offsets[row])
            bad[offset] = Rejection.of(offset, "not_admitted", refusal)
        if admission.refused:
            keep = np.delete(np.arange(len(table)), list(admission.refused))
            table, kept = table.take(pa.array(keep)), kept.take(keep)
        return Readings(
            batch.topic,
            batch.partition,
            kept.offsets,
            kept.appended_at_us,
            table.column("recorded_at").to_numpy(),
            table.drop_columns(["recorded_at", "measurements"]),
            admission.blocks,
            tuple(bad[offset] for offset in sorted(bad)),
        )

    def decode_all(self, batches: Sequence[RecordBatch]) -> tuple[Readings, ...]:
        """Return the readings of each batch, as `decode` would; of many small ones in a fraction of the time.

        Raises:
            UnknownSchemaId, UnknownProfile: at least one batch has to wait.
        """
        if len(batches) < 2:
            return tuple(self.decode(batch) for batch in batches)
        return parted(self.decode(joined(batches)), batches)

    def unknown(self, batch: RecordBatch) -> tuple[UnknownReference, ...]:
        """Return what keeps `batch` from being decoded, in the order of its records; () when nothing does."""
        found: list[UnknownReference] = []
        known: list[int] = []
        for schema_id, rows in rows_by_schema(batch, {}).items():
            if schema_id in self._contracts:
                known += rows
                continue
            message = str(UnknownSchemaId(schema_id))
            found += [
                UnknownReference(int(batch.offsets[row]), UNKNOWN_SCHEMA, str(schema_id), message) for row in rows
            ]
        rest = batch.take(np.sort(np.array(known, np.intp)))
        table, rows_of_table = self._columns(rest, {})
        kept = rest.take(rows_of_table)
        for row, missing in unknown_profiles(table, kept.keys, self._profiles):
            offset = int(kept.offsets[row])
            found.append(UnknownReference(offset, UNKNOWN_PROFILE, missing.ref, str(missing)))
        return tuple(sorted(found, key=lambda one: one.offset))

    def undecodable(self, batch: RecordBatch) -> tuple[Rejection, ...]:
        """Return the records of `batch` that can't be decoded, whether or not the others would be admitted.

        Raises:
            UnknownSchemaId: a record names an id that is not published.
        """
        bad: dict[int, Rejection] = {}
        self._columns(batch, bad)
        return tuple(bad[offset] for offset in sorted(bad))

    def _columns(self, batch: RecordBatch, bad: dict[int, Rejection]) -> _Piece:
        """Return the decodable records as columns and their rows in `batch`; put the others into `bad`."""
        pieces: list[_Piece] = []
        for schema_id, rows in rows_by_schema(batch, bad).items():
            if (event := self._contracts.event(schema_id)) != READING:
                for row in rows:
                    offset = int(batch.offsets[row])
                    bad[offset] = Rejection(offset, "undecodable", f"{event} is no {READING}")
                continue
            pieces.append(self._decode_rows(batch, schema_id, rows, bad))
        return _in_order(pieces)

    def _decode_rows(
        self, batch: RecordBatch, schema_id: int, rows: Sequence[int], bad: dict[int, Rejection]
    ) -> _Piece:
        """Return rows of one schema as columns: the whole at once, or its halves when something in it is wrong."""
        picked = batch.values if len(rows) == len(batch) else [batch.values[row] for row in rows]
        values = cast("Sequence[bytes]", picked)  # None has no schema id
        fast = _batch_schema(self._contracts.published(schema_id).text)
        if fast is not None and (table := _decode_batch(values, fast)) is not None:
            lengths = np.fromiter(map(len, values), np.int64, len(values)) - HEADER_BYTES
            odd = np.flatnonzero((encoded_lengths(table) != lengths) | ~canonical_uuids(table.column("event_id")))
            if not len(odd):
                return table, np.asarray(rows, np.intp)
            if len(rows) == 1:
                return self._decode_single(batch, rows[0], bad)
            parts = [self._decode_single(batch, rows[int(place)], bad) for place in odd]
            straight = np.delete(np.arange(len(rows)), odd)
            parts.append((table.take(pa.array(straight)), np.asarray(rows, np.intp)[straight]))
            return _in_order(parts)
        if len(rows) == 1:
            return self._decode_single(batch, rows[0], bad)
        middle = len(rows) // 2
        halves = rows[:middle], rows[middle:]
        return _in_order([self._decode_rows(batch, schema_id, half, bad) for half in halves])

    def _decode_single(self, batch: RecordBatch, row: int, bad: dict[int, Rejection]) -> _Piece:
        try:
            _, plain = decode_plain(batch.values[row], self._contracts)
        except BadRecord as error:
            offset = int(batch.offsets[row])
            bad[offset] = Rejection.of(offset, error.error, error)
            return _nothing()
        return _from_plain(plain), np.array([row], np.intp)


def rows_by_schema(batch: RecordBatch, bad: dict[int, Rejection]) -> Mapping[int, Sequence[int]]:
    """Return the rows of each schema id in `batch`, ascending; put the records that name none into `bad`."""
    if len({value and value[:HEADER_BYTES] for value in batch.values}) == 1:  # one look instead of one per record
        with contextlib.suppress(BadRecord):
            return {schema_id_of(batch.values[0]): range(len(batch))}
    by_schema: dict[int, list[int]] = {}
    for row, value in enumerate(batch.values):
        try:
            by_schema.setdefault(schema_id_of(value), []).append(row)
        except BadRecord as error:
            bad[int(batch.offsets[row])] = Rejection.of(int(batch.offsets[row]), error.error, error)
    return by_schema


def _decode_batch(values: Sequence[bytes], schema: str) -> pa.RecordBatch | None:
    """Return the values as columns, or None when pyruhvro refuses one of them."""
    try:
        decoded = pyruhvro.deserialize_array([value[HEADER_BYTES:] for value in values], schema)
        decoded.validate(full=True)  # pyruhvro takes bytes for text that are no UTF-8
    except ValueError:
        return None
    except BaseException as panic:  # pyruhvro's PanicException is no Exception
        if type(panic).__name__ != "PanicException":
            raise
        return None
    return pa.RecordBatch.from_arrays([decoded.column(name) for name in COLUMNS.names], names=COLUMNS.names)


@cache
def _batch_schema(text: str) -> str | None:
    """Return the schema as pyruhvro takes it, or None when its fields are not today's and need resolving."""
    written, today = json.loads(text), schema_of(READING).definition
    for definition in (written, today):
        for field in definition["fields"]:
            field.pop("doc", None)
            if isinstance(field["type"], dict) and "logicalType" in field["type"]:
                field["type"] = field["type"]["type"]
    return json.dumps(written) if written["fields"] == today["fields"] else None


def _from_plain(plain: Mapping[str, Any]) -> pa.RecordBatch:
    row = {**plain, "event_id": str(plain["event_id"]), "recorded_at": microseconds(plain["recorded_at"])}
    row["measurements"] = list(plain["measurements"].items())
    return pa.RecordBatch.from_pylist([row], schema=COLUMNS)


def _nothing() -> _Piece:
    return pa.RecordBatch.from_pylist([], schema=COLUMNS), np.empty(0, np.intp)


def _in_order(pieces: Sequence[_Piece]) -> _Piece:
    """Return all pieces as one, in the order of their rows."""
    filled = [(table, rows) for table, rows in pieces if len(rows)]
    if not filled:
        return _nothing()
    if len(filled) == 1:
        return filled[0]
    rows = np.concatenate([rows for _, rows in filled])
    order = np.argsort(rows)
    tables = pa.concat_batches([table.cast(COLUMNS) for table, _ in filled])
    return tables.take(pa.array(order)), rows[order]
