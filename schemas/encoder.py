"""Readings in columns to wire bytes, by the thousand: the bytes that `schemas.codec.encode` writes one at a time."""

import json
from functools import cache

import pyarrow as pa
import pyruhvro

from schemas.catalogue import schema_of
from schemas.contracts import Contracts
from schemas.decoder import READING
from schemas.wire import header_of


def encode_readings(table: pa.RecordBatch, known: Contracts) -> list[bytes]:
    """Return the record value of every row of `table`, whose columns are `schemas.decoder.COLUMNS`.

    Raises:
        ContractNotPublished: today's schema of readings has no id yet.
    """
    header = header_of(known.id_of(READING))
    if not len(table):
        return []
    chunks = pyruhvro.serialize_record_batch(table, _batch_schema(), 1)
    return [header + body for chunk in chunks for body in chunk.to_pylist()]


@cache
def _batch_schema() -> str:
    """Return today's schema as pyruhvro takes it: it writes text and numbers and knows no logical types."""
    definition = schema_of(READING).definition
    for field in definition["fields"]:
        field.pop("doc", None)
        if isinstance(field["type"], dict) and "logicalType" in field["type"]:
            field["type"] = field["type"]["type"]
    return json.dumps(definition)
