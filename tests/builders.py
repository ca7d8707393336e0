"""Builders of events with every argument defaulted, so that a test names only what it is about."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np

from domain.contracts import SchemaPublished
from domain.profiles import Channel, ProfileDefined
from domain.readings import SensorReadingRecorded, derive_event_id, microseconds
from schemas.catalogue import catalogue
from schemas.contracts import Contracts
from schemas.records import RecordBatch

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)


def a_profile(
    name: str = "environment",
    version: int = 1,
    channels: Sequence[str] = ("temperature", "pressure", "vibration"),
    minimum: float = -1e3,
    maximum: float = 1e3,
) -> ProfileDefined:
    """Return a profile whose channels all respond and share one plausible range."""
    return ProfileDefined(
        name=name,
        version=version,
        channels=tuple(
            Channel(name=channel, unit="", role="response", minimum=minimum, maximum=maximum) for channel in channels
        ),
        expected_interval_s=1.0,
    )


def a_reading(
    second: float = 0,
    *,
    machine_id: str = "hall-a",
    sensor_id: str = "north",
    profile: str = "environment@1",
    measurements: Mapping[str, float] | None = None,
    event_id: UUID | None = None,
    source: str = "test",
    anomaly_type: str | None = None,
) -> SensorReadingRecorded:
    """Return a reading `second` seconds after NOON; its id follows from its content unless given."""
    values = {"temperature": 21.5, "pressure": 101.3, "vibration": 2.1} if measurements is None else measurements
    moment = NOON + timedelta(seconds=second)
    return SensorReadingRecorded(
        event_id=event_id or derive_event_id(machine_id, sensor_id, microseconds(moment), values),
        machine_id=machine_id,
        sensor_id=sensor_id,
        profile=profile,
        recorded_at=moment,
        measurements=values,
        source=source,
        anomaly_injected=None if anomaly_type is None else True,
        anomaly_type=anomaly_type,
    )


def published_contracts() -> Contracts:
    """Return today's schemas as if published, with ids from 1 in order of name."""
    return Contracts(
        SchemaPublished(id=place, subject=schema.full_name, version=1, text=schema.text, sha256=schema.sha256)
        for place, schema in enumerate(catalogue().values(), start=1)
    )


def a_batch(
    values: Iterable[bytes | None],
    *,
    keys: Iterable[bytes | None] | None = None,
    first_offset: int = 0,
    topic: str = "sensor-events",
    partition: int = 0,
) -> RecordBatch:
    """Return record values as a batch with dense offsets, appended one a second from NOON."""
    held = list(values)
    offsets = np.arange(first_offset, first_offset + len(held), dtype=np.int64)
    return RecordBatch(
        topic,
        partition,
        offsets,
        microseconds(NOON) + offsets * 1_000_000,
        list(keys) if keys is not None else [b"hall-a"] * len(held),
        held,
        [()] * len(held),
    )
