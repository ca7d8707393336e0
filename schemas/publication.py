"""Reading topic `contracts`: the one place where a record's schema id is not looked at.

Ids can't be resolved before the records that tell them are read. So these are decoded with this repository's schema
of `SchemaPublished`, whatever id they name; that schema therefore never changes (`schemas.contract_check` sees to it).
"""

import io
from functools import cache
from typing import Any

import fastavro

from domain.contracts import SchemaPublished
from schemas.catalogue import schema_of
from schemas.wire import HEADER_BYTES, BadRecord, schema_id_of


def decode_published(value: bytes | None) -> SchemaPublished:
    """Return the publication in a record of topic contracts.

    Raises:
        BadRecord: it is none.
    """
    schema_id_of(value)
    body = io.BytesIO((value or b"")[HEADER_BYTES:])
    try:
        plain: Any = fastavro.schemaless_reader(body, _own_schema(), None)
    except Exception as error:  # fastavro raises whatever the damaged bytes lead it into
        raise BadRecord("undecodable", f"SchemaPublished: {type(error).__name__}: {error}") from error
    if left := len(body.read()):
        raise BadRecord("trailing_bytes", f"SchemaPublished: {left} bytes after the event's end")
    return SchemaPublished(**plain)


@cache
def _own_schema() -> Any:
    return fastavro.parse_schema(schema_of("SchemaPublished").definition)
