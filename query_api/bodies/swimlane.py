"""The swimlane: time across, machines or sensors down, the worst verdict in each cell."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.anomalies import Severity
from query_api.bodies.common import Answer


class Lane(Answer):
    """One row. Every list has one entry per bucket; `readings` 0 means no data, which is not the same as normal."""

    machine_id: str
    sensor_id: str | None = Field(description="Null when lanes are machines.")
    profile: str
    worst_score: float | None = Field(description="Over the whole range; null: nothing abnormal.")
    abnormal_since: datetime | None = Field(
        description="First verdict of the run that the last one before `ends_at` belongs to, wherever the range begins."
    )
    readings: list[int] = Field(description="All readings of the cell, judged or not, each once.")
    not_judged: list[int] = Field(
        description="Those of them that no model judged: before the first of their profile, late, or not judged yet."
    )
    anomalies: list[int] = Field(description="Those of them that were judged abnormal.")
    scores: list[float | None] = Field(description="Largest score among the cell's verdicts.")
    severities: list[Severity | None]


class ModelChange(Answer):
    """A model came into force for a profile's readings."""

    at: datetime = Field(description="recorded_at axis: when the log knew the first reading scored by it.")
    profile: str
    model: str
    previous: str | None


class Swimlane(Answer):
    """Lanes, worst first."""

    by: Literal["machine", "sensor"]
    starts_at: datetime
    ends_at: datetime
    bucket_s: int
    buckets: list[datetime] = Field(description="Start of every bucket, ascending, without holes.")
    lanes: list[Lane]
    lanes_in_all: int = Field(description="Lanes before `top` cut them.")
    model_changes: list[ModelChange]
    data_starts_at: datetime | None = Field(description="First data at all, for an empty range.")
    data_ends_at: datetime | None
