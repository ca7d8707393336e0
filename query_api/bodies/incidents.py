"""Incidents: what a machine did and what people said of it."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from query_api.bodies.common import Answer


class Incident(Answer):
    """One episode of one machine, as it stands."""

    incident_id: UUID
    machine_id: str
    sensor_id: str = Field(description="Sensor of the first alarm.")
    began_at: datetime = Field(description="Device time of the first alarm.")
    ended_at: datetime | None = Field(description="Device time of the last alarm; null while active.")
    active: bool = Field(description="The machine is in alarm, or was less than the merge gap ago.")
    severity: str = Field(description="Highest so far: warning, high, critical.")
    kinds: list[str]
    channels: list[str]
    score: float = Field(description="Largest ratio to its threshold that was told.")
    model: str = Field(description="Model that judged the first alarm, such as pump/1.")
    profile: str
    late: bool = Field(description="Found in readings that came after their time; it calls nobody.")
    handling: str = Field(description="new, acknowledged or resolved.")
    handled_by: str | None
    handled_at: datetime | None
    judgement: str | None = Field(description="true_alarm, false_alarm, planned or unknown; null until resolved.")
    cause: str | None
    worse: bool = Field(description="A new kind or a higher severity since it was handled.")
    assignee: str | None
    comments: int
    needs_someone: bool = Field(description="New, worse than when it was handled, or ended and not judged.")
    known_at: datetime = Field(description="When the log learned of the newest of this.")
    version: str = Field(description="Position of the newest event; give it to a command as If-Match.")


class IncidentStep(Answer):
    """One thing that the machine did or a person said."""

    event: str
    known_at: datetime
    happened_at: datetime | None = Field(description="Device time; null for what people said.")
    actor: str | None
    kinds: list[str] | None
    channels: list[str] | None
    severity: str | None
    score: float | None
    said: str | None = Field(description="Assignee, comment, cause or reason.")
    judgement: str | None
    position: str


class IncidentInFull(Answer):
    """An incident with its history, oldest first."""

    incident: Incident
    history: list[IncidentStep]
