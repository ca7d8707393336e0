"""How far the live stream is from a model's training set."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from query_api.bodies.common import Answer


class DriftState(StrEnum):
    """Whether the stream looks as in training."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    UNKNOWN = "unknown"


class DriftSignal(Answer):
    """One channel, or one kind of score."""

    name: str
    kind: str = Field(description="channel or score.")
    index: float = Field(description="Population stability index against the training set; 0: no difference.")
    usual_up_to: float = Field(description="Upper end of the null band: what a window without change reaches.")
    readings: int
    enough: bool = Field(description="False: too few readings to say anything.")
    outside: bool


class DriftPart(Answer):
    """A part of the window."""

    starts_at: datetime
    ends_at: datetime
    signals: list[DriftSignal]


class ModelDrift(Answer):
    """A window of the live stream against the set that a model was trained on."""

    model: str
    profile: str
    state: DriftState
    because: str | None = Field(description="Why nothing can be said; null when something is.")
    starts_at: datetime | None = Field(description="The window, by recorded_at; it ends with the newest reading.")
    ends_at: datetime | None
    readings: int = Field(description="Readings in the window.")
    sampled: int = Field(description="Of these counted, chosen by their positions.")
    signals: list[DriftSignal]
    parts: list[DriftPart] = Field(description="The window in equal parts, oldest first, each with a band of its own.")
