"""Incidents, their histories, and what the command service answers about them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One episode of one machine, and how people handle it. `version` is what a command names as seen."""

    incident_id: str
    machine_id: str
    sensor_id: str
    began_at: datetime
    ended_at: datetime | None
    active: bool
    severity: str
    kinds: tuple[str, ...]
    channels: tuple[str, ...]
    score: float
    model: str
    late: bool
    handling: str
    handled_by: str | None
    handled_at: datetime | None
    judgement: str | None
    cause: str | None
    worse: bool
    assignee: str | None
    comments: int
    needs_someone: bool
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentStep:
    """One thing that the machine did or a person said."""

    event: str
    known_at: datetime
    happened_at: datetime | None
    actor: str | None
    kinds: tuple[str, ...] | None
    channels: tuple[str, ...] | None
    severity: str | None
    score: float | None
    said: str | None
    judgement: str | None
    position: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentInFull:
    """An incident with its history, oldest first."""

    incident: Incident
    history: tuple[IncidentStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who decided what stands in the way, and when."""

    actor: str | None
    at: datetime
    position: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """What the log says of an incident now."""

    incident_id: str
    event: str
    actor: str
    position: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAnswer:
    """What became of one of many: done when there is a position, else why not."""

    status: int
    position: str | None = None
    detail: str | None = None
    standing: Standing | None = None
