"""Records that no producer of ours would write, made by hand."""

import io
from typing import Any

import fastavro

from schemas.catalogue import schema_of
from schemas.contracts import Contracts
from schemas.wire import header_of


def reading_with_recorded_at(microseconds: int, contracts: Contracts) -> bytes:
    """Return a reading whose time is any int64, which no datetime needs to hold."""
    definition: Any = schema_of("SensorReadingRecorded").definition
    for field in definition["fields"]:
        if isinstance(field["type"], dict):
            field["type"].pop("logicalType", None)
    plain = {
        "event_id": "00000000-0000-5000-8000-000000000000",
        "machine_id": "hall-a",
        "sensor_id": "north",
        "profile": "environment@1",
        "recorded_at": microseconds,
        "measurements": {"temperature": 1.0},
        "source": "test",
    }
    body = io.BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(definition), plain)
    return header_of(contracts.id_of("SensorReadingRecorded")) + body.getvalue()
