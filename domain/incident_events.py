"""What the log says of incidents: what the machine did, written by the scorer, and what people did about it.

The division settles most arguments: people's events never change an episode, and the scorer knows nothing of people.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from domain.models import ModelRef
from domain.positions import Position

INCIDENT_NAMESPACE: Final = UUID("5d0f4f5c-5f0e-5b0e-8a55-0c6f0a1d7e90")
"""Namespace of incident ids. For ever: ids in logs follow from it."""


class Judgement(StrEnum):
    """What a person found an incident to have been."""

    TRUE_ALARM = "true_alarm"
    FALSE_ALARM = "false_alarm"
    PLANNED = "planned"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentOpened:
    """An episode of one machine began. Schema: telltale.IncidentOpened.avsc.

    late: it was found in readings that came after their time, so it calls nobody.
    """

    incident_id: UUID
    machine_id: str
    sensor_id: str
    recorded_at: datetime
    reading_position: str
    kinds: tuple[str, ...]
    channels: tuple[str, ...]
    severity: str
    score: float
    model: ModelRef
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentExtended:
    """The episode showed something new; each list holds only that. Schema: telltale.IncidentExtended.avsc."""

    incident_id: UUID
    machine_id: str
    sensor_id: str
    recorded_at: datetime
    reading_position: str
    kinds: tuple[str, ...]
    channels: tuple[str, ...]
    severity: str | None
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentEnded:
    """The episode is over since its last alarm. Schema: telltale.IncidentEnded.avsc."""

    incident_id: UUID
    machine_id: str
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentAcknowledged:
    """Somebody has taken the incident on. Schema: telltale.IncidentAcknowledged.avsc."""

    incident_id: UUID
    machine_id: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentAssigned:
    """The incident is somebody's to handle. Schema: telltale.IncidentAssigned.avsc."""

    incident_id: UUID
    machine_id: str
    assignee: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentCommented:
    """Somebody wrote something down. Schema: telltale.IncidentCommented.avsc."""

    incident_id: UUID
    machine_id: str
    text: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentResolved:
    """Somebody said what it was: a label for training. Schema: telltale.IncidentResolved.avsc."""

    incident_id: UUID
    machine_id: str
    judgement: str
    cause: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReopened:
    """Somebody found that it is not done with. Schema: telltale.IncidentReopened.avsc."""

    incident_id: UUID
    machine_id: str
    because: str
    actor: str


EpisodeEvent = IncidentOpened | IncidentExtended | IncidentEnded
HandlingEvent = IncidentAcknowledged | IncidentAssigned | IncidentCommented | IncidentResolved | IncidentReopened
IncidentEvent = EpisodeEvent | HandlingEvent


def incident_id(first_alarm: Position) -> UUID:
    """Return the id of the incident that begins with the reading at this position."""
    return uuid5(INCIDENT_NAMESPACE, str(first_alarm))
