"""Decoded events as rows of `batch`: Arrow columns, typed so that COPY can send them byte by byte."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from projections.batch_table import MOMENT, VALUES, Column
from projections.folder import READING
from projections.repeats import identity_columns
from schemas.readings import Readings, uuid_bytes

_JSONB_VERSION = b"\x01"


@dataclass(frozen=True, slots=True)
class PlainEvent:
    """One decoded record: where it stands, when it came, what it says as plain values."""

    offset: int
    appended_at_us: int
    known_at_us: int
    key: bytes | None
    event: str
    fields: Mapping[str, Any]


def reading_rows(readings: Readings, known_at_us: NDArray[np.int64], columns: Sequence[Column]) -> pa.RecordBatch:
    """Return readings as rows, with the columns by which repeats are found; `known_at_us`: int64 array (n,)."""
    count, decoded = len(readings), readings.columns
    made: Mapping[str, Callable[[], pa.Array]] = {
        "topic": lambda: pa.repeat(readings.topic, count),
        "partition": lambda: pa.array(np.full(count, readings.partition, np.int32)),
        "offset": lambda: pa.array(readings.offsets),
        "key": lambda: decoded.column("machine_id"),  # admission demands that they are equal
        "event": lambda: pa.repeat(READING, count),
        "appended_at": lambda: pa.array(readings.appended_at_us, MOMENT),
        "known_at": lambda: pa.array(known_at_us, MOMENT),
        "recorded_at": lambda: pa.array(readings.recorded_at_us, MOMENT),
        "event_id": lambda: _byte_strings(uuid_bytes(decoded.column("event_id"))),
        VALUES: lambda: _values(readings),
    }

    def filled(column: Column) -> pa.Array:
        if column.name in made:
            return made[column.name]()
        if column.name in decoded.schema.names:
            return decoded.column(column.name)
        return pa.nulls(count, column.arrow)

    filled_columns = {column.name: filled(column) for column in columns}
    return pa.record_batch(filled_columns | identity_columns(readings))


def event_rows(topic: str, partition: int, events: Sequence[PlainEvent], columns: Sequence[Column]) -> pa.RecordBatch:
    """Return events of one partition as rows; a field that an event lacks is NULL."""
    envelope: Mapping[str, Any] = {
        "topic": [topic] * len(events),
        "partition": [partition] * len(events),
        "offset": [event.offset for event in events],
        "key": [None if event.key is None else _without_nul(event.key.decode(errors="replace")) for event in events],
        "event": [event.event for event in events],
        "appended_at": [event.appended_at_us for event in events],
        "known_at": [event.known_at_us for event in events],
    }
    arrays = [
        pa.array(
            envelope[column.name]
            if column.name in envelope
            else [_sendable(event.fields.get(column.name), column.sql) for event in events],
            column.arrow,
        )
        for column in columns
    ]
    return pa.record_batch(arrays, names=[column.name for column in columns])


def no_rows(columns: Sequence[Column]) -> pa.RecordBatch:
    """Return no rows."""
    return pa.RecordBatch.from_pylist([], pa.schema([(column.name, column.arrow) for column in columns]))


def _sendable(value: Any, sql: str) -> Any:
    if value is None:
        return None
    if sql == "jsonb":
        text = _json(value)
        return _JSONB_VERSION + (_json(_without_nul(value)) if rb"\u0000" in text else text)
    if sql == "uuid":
        return (value if isinstance(value, UUID) else UUID(value)).bytes
    return _without_nul(value) if sql.startswith("text") else value


def _without_nul(value: Any) -> Any:
    """Return a value with the sign for NUL in its texts: the database takes no NUL, and anybody may write one."""
    if isinstance(value, str):
        return value.replace("\0", "␀") if "\0" in value else value
    if isinstance(value, Mapping):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nul(item) for item in value]
    return value


def _json(value: Any) -> bytes:
    """Return JSON text; a number that JSON has no word for becomes null."""
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"), default=_json_text).encode()
    except ValueError:
        return json.dumps(_finite(value), allow_nan=False, separators=(",", ":"), default=_json_text).encode()


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def _json_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)


def _byte_strings(rows: NDArray[np.uint8]) -> pa.BinaryArray:
    """Return the rows of a uint8 array (n, width) as n byte strings."""
    count, width = rows.shape
    edges = np.arange(count + 1, dtype=np.int32) * width
    buffers = [None, pa.py_buffer(edges), pa.py_buffer(np.ascontiguousarray(rows))]
    return pa.Array.from_buffers(pa.binary(), count, buffers)


def _values(readings: Readings) -> pa.ListArray:
    """Return each reading's values in its profile's channel order."""
    lists = [
        pa.ListArray.from_arrays(
            pa.array(np.arange(len(block.rows) + 1, dtype=np.int32) * block.values.shape[1]),
            pa.array(np.ascontiguousarray(block.values).reshape(-1)),
        )
        for block in readings.blocks
    ]
    if len(lists) == 1:
        return lists[0]
    if not lists:
        return pa.array([], pa.list_(pa.float64()))
    order = np.argsort(np.concatenate([block.rows for block in readings.blocks]))
    return pa.concat_arrays(lists).take(pa.array(order))
