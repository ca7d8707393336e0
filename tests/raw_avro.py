"""Records that no producer of ours would write, made by hand."""

import io
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_OID, uuid5

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


def raw_reading(
    contracts: Contracts,
    *,
    second: float,
    machine_id: str,
    sensor_id: str = "drive-end",
    profile: str = "pump@1",
    measurements: Mapping[str, float] | None = None,
    year: int = 2026,
) -> bytes:
    """Return a pump's reading of any year and with any texts, admissible or not."""
    definition: Any = schema_of("SensorReadingRecorded").definition
    for field in definition["fields"]:
        if isinstance(field["type"], dict):
            field["type"].pop("logicalType", None)
    plain = {
        "event_id": str(uuid5(NAMESPACE_OID, f"{machine_id} {sensor_id} {second} {year}")),
        "machine_id": machine_id,
        "sensor_id": sensor_id,
        "profile": profile,
        "recorded_at": int(((year - 1970) * 365.25 * 86_400 + second) * 1_000_000),
        "measurements": {"speed": 50.0, "vibration": 50.0} if measurements is None else measurements,
        "source": "neighbour",
    }
    body = io.BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(definition), plain)
    return header_of(contracts.id_of("SensorReadingRecorded")) + body.getvalue()
