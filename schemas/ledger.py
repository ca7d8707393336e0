"""The score ledger to bytes: what fastavro would write, with each column's scores copied whole.

A catching-up scorer writes six scores for every reading; one by one, that was a twelfth of its work. Avro's array of
doubles is their number, the doubles as the machine holds them, little end first, and a zero.
"""

import io
import sys
from array import array
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import fastavro

from schemas.catalogue import schema_of

LEDGER: Final = "ReadingsScored"
_COLUMNS: Final = "columns"


def write_ledger(body: io.BytesIO, plain: Mapping[str, Any]) -> None:
    """Write a `ReadingsScored`, its fields as plain values, as fastavro would with today's schema."""
    before, after = _around_columns()
    fastavro.schemaless_writer(body, before, plain)
    columns = plain[_COLUMNS]
    if columns:
        _write_long(body, len(columns))
    for column in columns:
        name = column["detector"].encode()
        _write_long(body, len(name))
        body.write(name)
        _write_doubles(body, column["scores"])
    body.write(b"\0")
    fastavro.schemaless_writer(body, after, plain)


def _write_doubles(body: io.BytesIO, numbers: Sequence[float]) -> None:
    if numbers:
        _write_long(body, len(numbers))
        doubles = array("d", numbers)
        if sys.byteorder == "big":
            doubles.byteswap()
        body.write(doubles.tobytes())
    body.write(b"\0")


def _write_long(body: io.BytesIO, number: int) -> None:
    fastavro.schemaless_writer(body, "long", number)


@cache
def _around_columns() -> tuple[Any, Any]:
    """Return the schemas of the fields before and after the columns."""
    definition = schema_of(LEDGER).definition
    fields = definition["fields"]
    place = [field["name"] for field in fields].index(_COLUMNS)
    parts = (fields[:place], fields[place + 1 :])
    return tuple(  # type: ignore[return-value]
        fastavro.parse_schema({"type": "record", "name": f"{LEDGER}Part{number}", "fields": part})
        for number, part in enumerate(parts)
    )
