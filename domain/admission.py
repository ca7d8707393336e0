"""Which readings the system accepts: one rule for ingest, scorer, projectors and trainer.

Stricter than the storage of any consumer, and pure: profiles never change, so a replay gives the same answer.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Final

from domain.profiles import ProfileDefined, can_be_reference
from domain.readings import SensorReadingRecorded

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""recorded_at is at or after EARLIEST and before LATEST: inside what every store here can hold."""

LONGEST_ID: Final = 128
LONGEST_TEXT: Final = 256


class ReadingRefused(ValueError):
    """The reading breaks a rule of admission; `field` says which part, the message why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class UnknownProfile(LookupError):
    """No such profile is known yet: not the reading's fault, so the reader waits instead of refusing."""

    def __init__(self, ref: str) -> None:
        super().__init__(f"profile {ref!r} is not defined: telltale profiles list shows those that are")
        self.ref = ref


def admit(reading: SensorReadingRecorded, profiles: Mapping[str, ProfileDefined], *, key: str | None = None) -> None:
    """Return when `reading` is acceptable; `key` is the record's key where there is a record.

    Raises:
        ReadingRefused: it is not, for ever.
        UnknownProfile: it names a profile that is not in `profiles`.
    """
    _admit_texts(reading)
    if key is not None and key != reading.machine_id:
        raise ReadingRefused("key", f"{key!r} is not the machine_id {reading.machine_id!r}")
    if not EARLIEST <= reading.recorded_at < LATEST:
        raise ReadingRefused("recorded_at", f"{reading.recorded_at.isoformat()} is not within 1970 to 2199")
    if not can_be_reference(reading.profile):
        raise ReadingRefused("profile", f"{reading.profile!r} names no version: write name@version, such as pump@1")
    profile = profiles.get(reading.profile)
    if profile is None:
        raise UnknownProfile(reading.profile)
    _admit_measurements(reading.measurements, profile)


def _admit_texts(reading: SensorReadingRecorded) -> None:
    for field, text in (("machine_id", reading.machine_id), ("sensor_id", reading.sensor_id)):
        if not 0 < len(text) <= LONGEST_ID:
            raise ReadingRefused(field, f"has {len(text)} characters, allowed are 1 to {LONGEST_ID}")
    for field, text in (
        ("profile", reading.profile),
        ("source", reading.source),
        ("anomaly_type", reading.anomaly_type or ""),
    ):
        if len(text) > LONGEST_TEXT:
            raise ReadingRefused(field, f"has {len(text)} characters, allowed are {LONGEST_TEXT}")
    for field, text in (
        ("machine_id", reading.machine_id),
        ("sensor_id", reading.sensor_id),
        ("profile", reading.profile),
        ("source", reading.source),
        ("anomaly_type", reading.anomaly_type or ""),
    ):
        if "\0" in text:
            raise ReadingRefused(field, "contains NUL")


def _admit_measurements(measurements: Mapping[str, float], profile: ProfileDefined) -> None:
    if not measurements:
        raise ReadingRefused("measurements", "are empty")
    channels = {channel.name: channel for channel in profile.channels}
    for name, value in measurements.items():
        channel = channels.get(name)
        if channel is None:
            raise ReadingRefused(name, f"is no channel of {profile.ref}; its channels are {', '.join(channels)}")
        if not isfinite(value):
            raise ReadingRefused(name, f"is {value}, not a finite number")
        if not channel.minimum <= value <= channel.maximum:
            raise ReadingRefused(
                name, f"{value:g} {channel.unit} is outside the plausible {channel.minimum:g} to {channel.maximum:g}"
            )
