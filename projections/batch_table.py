"""The temporary table `batch`: an envelope, and the fields of the events that a read model reads.

A field's column follows from its Avro type. The one exception are a reading's measurements, which come as
`"values"`: float8[] in the order of the profile's channels, NaN where a channel was not measured.
Only columns that the step names are made and sent: an unnamed one costs as much as a named one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from projections.folder import READING, Folder, FolderRefused
from schemas.catalogue import schema_of

MOMENT: Final = pa.timestamp("us", "UTC")
VALUES: Final = "values"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `batch`: its type in SQL, and in Arrow as it is sent.

    A uuid is sent as its 16 bytes; jsonb as a byte 1, its binary format's version, and the text.
    """

    name: str
    sql: str
    arrow: pa.DataType


ENVELOPE: Final = (
    Column("topic", "text", pa.string()),
    Column("partition", "int", pa.int32()),
    Column("offset", "bigint", pa.int64()),
    Column("key", "text", pa.string()),
    Column("event", "text", pa.string()),
    Column("appended_at", "timestamptz", MOMENT),
    Column("known_at", "timestamptz", MOMENT),
)
_PRIMITIVES: Final[Mapping[str, tuple[str, pa.DataType]]] = {
    "string": ("text", pa.string()),
    "double": ("float8", pa.float64()),
    "long": ("bigint", pa.int64()),
    "int": ("int", pa.int32()),
    "boolean": ("bool", pa.bool_()),
    "bytes": ("bytea", pa.binary()),
}
_LOGICAL: Final[Mapping[str, tuple[str, pa.DataType]]] = {
    "uuid": ("uuid", pa.binary()),
    "timestamp-micros": ("timestamptz", MOMENT),
}
_JSON: Final = ("jsonb", pa.binary())


def batch_columns(folder: Folder) -> tuple[Column, ...]:
    """Return the columns of `batch` that the folder's step names, envelope first.

    A field named as a column of the envelope (a dead letter's key) is not there: the envelope's is meant.

    Raises:
        FolderRefused: two events have a field of one name and different types.
    """
    columns = {column.name: column for column in ENVELOPE}
    enveloped = frozenset(columns)
    for event in folder.events:
        for column in event_columns(event):
            if column.name in enveloped:
                continue
            if columns.setdefault(column.name, column) != column:
                raise FolderRefused(f"{folder.name}: {event}.{column.name} clashes with another column of that name")
    if re.search(r"\bSELECT\s+\*|\bbatch\.\*", folder.apply_sql, re.IGNORECASE):
        return tuple(columns.values())
    named = set(re.findall(r"\w+", folder.apply_sql))
    if folder.keep_days is not None:
        named.add("known_at")  # tells whether a batch brings rows that are too old already
    return tuple(column for column in columns.values() if column.name in named)


def event_columns(event: str) -> tuple[Column, ...]:
    """Return the columns of an event's fields, in the schema's order."""
    found = []
    for field in schema_of(event).definition["fields"]:
        if event == READING and field["name"] == "measurements":
            found.append(Column(VALUES, "float8[]", pa.list_(pa.float64())))
        else:
            found.append(Column(field["name"], *_column_type(field["type"])))
    return tuple(found)


def create_batch_table(columns: tuple[Column, ...]) -> str:
    """Return the statement that makes `batch` in a connection; it is empty again after each commit."""
    listed = ", ".join(f'"{column.name}" {column.sql}' for column in columns)
    return f"CREATE TEMPORARY TABLE batch ({listed}) ON COMMIT DELETE ROWS"


def _column_type(avro: Any) -> tuple[str, pa.DataType]:
    if isinstance(avro, list):
        options = [option for option in avro if option != "null"]
        return _column_type(options[0]) if len(options) == 1 else _JSON
    if isinstance(avro, str):
        return _PRIMITIVES.get(avro, _JSON)  # any other name is a record's
    if avro.get("logicalType") in _LOGICAL:
        return _LOGICAL[avro["logicalType"]]
    if avro["type"] == "array" and isinstance(avro["items"], str) and avro["items"] in _PRIMITIVES:
        sql, arrow = _PRIMITIVES[avro["items"]]
        return f"{sql}[]", pa.list_(arrow)
    return _PRIMITIVES.get(avro["type"], _JSON)
