"""Readings: what a sensor said, and the identity that follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

READING_NAMESPACE: Final = UUID("6f3c1a52-9d0e-5b7a-8a44-3f0f2f6f1d10")
"""Namespace of the ids of readings that bring none of their own. For ever: ids in logs follow from it."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorReadingRecorded:
    """A sensor measured its machine once. Schema: telltale.SensorReadingRecorded.avsc."""

    event_id: UUID
    machine_id: str
    sensor_id: str
    profile: str
    recorded_at: datetime
    measurements: Mapping[str, float]
    source: str
    anomaly_injected: bool | None = None
    anomaly_type: str | None = None


def microseconds(moment: datetime) -> int:
    """Return whole microseconds since 1970-01-01 UTC of an aware moment."""
    return (moment - EPOCH) // _MICROSECOND


def moment_of(microseconds_since_epoch: int) -> datetime:
    """Return the aware UTC moment of whole microseconds since 1970-01-01 UTC."""
    return EPOCH + timedelta(microseconds=microseconds_since_epoch)


def derive_event_id(machine_id: str, sensor_id: str, recorded_at_us: int, measurements: Mapping[str, float]) -> UUID:
    """Return the UUIDv5 of a reading's content: the same reading always has the same id.

    The hashed name is machine, sensor, microseconds and the sorted channel=value pairs, values as
    `float.hex()`, joined by NUL, which no accepted id contains.
    """
    pairs = (f"{channel}={float(measurements[channel]).hex()}" for channel in sorted(measurements))
    return uuid5(READING_NAMESPACE, "\0".join((machine_id, sensor_id, str(recorded_at_us), *pairs)))
