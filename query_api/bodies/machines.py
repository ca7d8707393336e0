"""Machines, sensors, profiles and the readings of one sensor."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from query_api.bodies.common import Answer


class LifeState(StrEnum):
    """silent: nothing for long; stuck: same values over and over; late: readings arrive long after they were taken."""

    OK = "ok"
    SILENT = "silent"
    STUCK = "stuck"
    LATE = "late"


class ChannelSummary(Answer):
    """One measured quantity of a profile."""

    name: str
    unit: str
    role: str = Field(description="condition (explains the others) or response (is judged).")
    minimum: float
    maximum: float


class ProfileSummary(Answer):
    """A kind of machine."""

    profile: str = Field(description="Name with version, such as pump@1.")
    name: str
    version: int
    channels: list[ChannelSummary]
    expected_interval_s: float
    defined_at: datetime = Field(description="When the log knew the definition.")


class MachineSummary(Answer):
    """A machine as its sensors show it."""

    machine_id: str
    profiles: list[str]
    state: LifeState = Field(description="The worst of its sensors.")
    sensors: int
    readings: int
    first_recorded_at: datetime
    last_recorded_at: datetime
    last_known_at: datetime


class SensorSummary(Answer):
    """A sensor and its newest reading."""

    machine_id: str
    sensor_id: str
    profile: str
    state: LifeState
    readings: int
    first_recorded_at: datetime
    last_recorded_at: datetime
    last_known_at: datetime
    last_measurements: dict[str, float | None]
    last_position: str = Field(description="topic/partition/offset of the newest reading.")


class SensorDetail(SensorSummary):
    """A sensor with its profile's channels, in the profile's order."""

    channels: list[ChannelSummary]
    expected_interval_s: float | None
    flagged: dict[str, int] = Field(
        default_factory=dict,
        description="Its readings without an ordinary score, by the score ledger's flag: late, duplicate, clock_ahead, "
        "unscored (no model yet), unjudged (the model needs more or other values). Counted among the newest "
        "200,000 flagged offsets of its partition.",
    )


class ChannelSeries(Answer):
    """Values of one channel, one per entry of `times`; equal minimum, mean and maximum when raw."""

    name: str
    unit: str
    role: str
    minimum: list[float | None]
    mean: list[float | None]
    maximum: list[float | None]
    expected_low: float | None = Field(description="Lower edge of what the model in force expects; null: unknown.")
    expected_high: float | None


class ReadingSeries(Answer):
    """Readings of one sensor over a time range. A row of nulls (count 0) marks a gap: break the line there."""

    machine_id: str
    sensor_id: str
    profile: str = Field(description="Of the newest reading.")
    profiles: list[str] = Field(description="All those of the range; channels meet by name and unit.")
    starts_at: datetime
    ends_at: datetime
    mode: Literal["raw", "buckets"]
    bucket_s: float | None = Field(description="Width of a bucket; null when raw.")
    times: list[datetime] = Field(description="recorded_at when raw, else start of the bucket. Ascending.")
    counts: list[int]
    channels: list[ChannelSeries]
    scores: list[float | None] = Field(description="Largest score (ratio to the threshold); null: not judged.")
    data_starts_at: datetime | None = Field(description="First reading of this sensor at all.")
    data_ends_at: datetime | None = Field(description="Last reading of this sensor at all.")
