"""Flat items for clients that expect one row per reading and per anomaly with three fixed channels."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from query_api.bodies.common import Answer


class FlatReading(Answer):
    """A reading; a channel that its profile does not have is null."""

    event_id: UUID
    sensor_id: str
    timestamp: datetime = Field(description="Device time of the reading.")
    temperature: float | None
    pressure: float | None
    vibration: float | None


class FlatAnomaly(FlatReading):
    """An abnormal reading with its verdict; `event_id` is the verdict's."""

    anomaly_score: float = Field(description="Ratio to the threshold; abnormal above 1.")
    model_name: str = Field(description="Line and version, such as environment/7.")
    created_at: datetime = Field(description="When the log knew the verdict; start_time and end_time filter on it.")
