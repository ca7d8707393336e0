"""Machines, sensors, profiles, and the readings of one sensor."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One measured quantity of a profile."""

    name: str
    unit: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A kind of machine; immutable."""

    profile: str
    channels: tuple[Channel, ...]

    def unit_of(self, channel: str) -> str:
        """Return the channel's unit; empty when the profile does not know the channel."""
        return next((known.unit for known in self.channels if known.name == channel), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine as its sensors show it."""

    machine_id: str
    profiles: tuple[str, ...]
    state: str
    sensors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """A sensor and its state."""

    machine_id: str
    sensor_id: str
    profile: str
    state: str
    last_recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSeries:
    """Values of one channel, one per entry of the series' `times`; None where nothing was measured."""

    name: str
    unit: str
    role: str
    mean: tuple[float | None, ...]
    expected_low: float | None
    expected_high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingSeries:
    """Readings of one sensor over a range; an entry with count 0 is a gap."""

    machine_id: str
    sensor_id: str
    profile: str
    starts_at: datetime
    ends_at: datetime
    bucket_s: float | None
    times: tuple[datetime, ...]
    counts: tuple[int, ...]
    channels: tuple[ChannelSeries, ...]
    scores: tuple[float | None, ...]
    data_starts_at: datetime | None
    data_ends_at: datetime | None
