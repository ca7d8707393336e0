"""One incident on its two axes: the machine's (active, ended) and people's (new, acknowledged, resolved).

An incident stays on people's list until it is judged, also when it was over before anybody looked.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, assert_never
from uuid import UUID

from domain.anomalies import SEVERITY_RANK
from domain.incident_events import (
    HandlingEvent,
    IncidentAcknowledged,
    IncidentAssigned,
    IncidentCommented,
    IncidentEnded,
    IncidentEvent,
    IncidentExtended,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    Judgement,
)
from domain.rejections import CommandRejected

LONGEST_TEXT: Final = 4000
"""Characters of a comment, a cause or a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeIncident:
    """Take an incident on."""

    incident_id: UUID
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignIncident:
    """Make an incident somebody's to handle."""

    incident_id: UUID
    assignee: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentIncident:
    """Write something down."""

    incident_id: UUID
    text: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveIncident:
    """Say what it was."""

    incident_id: UUID
    judgement: str
    cause: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenIncident:
    """Say that it is not done with."""

    incident_id: UUID
    because: str
    actor: str


IncidentCommand = AcknowledgeIncident | AssignIncident | CommentIncident | ResolveIncident | ReopenIncident


class IncidentUnknown(CommandRejected):
    """No incident has this id."""


class AlreadyAcknowledged(CommandRejected):
    """Somebody has taken it on already, and it has not become worse since."""


class AlreadyResolved(CommandRejected):
    """It has been judged already; reopen it first."""


class JudgementMissing(CommandRejected):
    """Resolving says what it was."""


class NotResolved(CommandRejected):
    """Only what was resolved can be reopened."""


class TextRefused(CommandRejected):
    """A text is empty, too long, or can't be shown."""


@dataclass(frozen=True, slots=True)
class New:
    """Nobody has taken it on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """Somebody has; worse: the episode has a new kind or a higher severity since."""

    actor: str
    at: datetime
    worse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """Somebody has judged it; worse as above."""

    judgement: str
    actor: str
    at: datetime
    worse: bool = False


Handling = New | Acknowledged | Resolved


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident: its episode and how people handle it."""

    incident_id: UUID
    machine_id: str
    active: bool
    severity: str
    kinds: frozenset[str]
    handling: Handling
    assignee: str | None = None


def needs_someone(incident: Incident) -> bool:
    """Return whether somebody has something to do: new, worse than when it was handled, or over and not judged."""
    match incident.handling:
        case New():
            return True
        case Acknowledged(worse=worse):
            return worse or not incident.active
        case Resolved(worse=worse):
            return worse
        case _:
            assert_never(incident.handling)


def decide(incident: Incident | None, command: IncidentCommand) -> tuple[HandlingEvent, ...]:
    """Return the events `command` causes.

    Raises:
        IncidentUnknown: there is none.
        AlreadyAcknowledged, AlreadyResolved, NotResolved: somebody was first; says who and when.
        JudgementMissing, TextRefused: what is said can't be understood.
    """
    if incident is None:
        raise IncidentUnknown(f"no incident is called {command.incident_id}")
    match command:
        case AcknowledgeIncident():
            return (_acknowledged(incident, command),)
        case AssignIncident():
            return (_assigned(incident, command),)
        case CommentIncident():
            return (_commented(incident, command),)
        case ResolveIncident():
            return (_resolved(incident, command),)
        case ReopenIncident():
            return (_reopened(incident, command),)
        case _:
            assert_never(command)


def evolve(incident: Incident | None, event: IncidentEvent, *, at: datetime) -> Incident | None:
    """Return the incident after `event`, which the log took at `at`; never refuses.

    None: an event about an incident that the log never opened changes nothing.
    """
    if isinstance(event, IncidentOpened):
        return incident or Incident(
            incident_id=event.incident_id,
            machine_id=event.machine_id,
            active=True,
            severity=event.severity,
            kinds=frozenset(event.kinds),
            handling=New(),
        )
    if incident is None:
        return None
    match event:
        case IncidentExtended():
            return _extended(incident, event)
        case IncidentEnded():
            return replace(incident, active=False)
        case IncidentAssigned(assignee=assignee):
            return replace(incident, assignee=assignee)
        case _:
            return _handled(incident, event, at)


def _handled(
    incident: Incident,
    event: IncidentAcknowledged | IncidentCommented | IncidentResolved | IncidentReopened,
    at: datetime,
) -> Incident:
    match event:
        case IncidentAcknowledged(actor=actor):
            return replace(incident, handling=Acknowledged(actor=actor, at=at), assignee=incident.assignee or actor)
        case IncidentResolved(judgement=judgement, actor=actor):
            return replace(incident, handling=Resolved(judgement=judgement, actor=actor, at=at))
        case IncidentReopened():
            return replace(incident, handling=New())
        case IncidentCommented():
            return incident
        case _:
            assert_never(event)


def _extended(incident: Incident, event: IncidentExtended) -> Incident:
    handling = incident.handling
    # The event holds only what is new: a channel alone is no more of a fault.
    if (event.kinds or event.severity is not None) and not isinstance(handling, New):
        handling = replace(handling, worse=True)
    return replace(
        incident,
        severity=max(incident.severity, event.severity or incident.severity, key=_rank),
        kinds=incident.kinds | set(event.kinds),
        handling=handling,
    )


def _acknowledged(incident: Incident, command: AcknowledgeIncident) -> IncidentAcknowledged:
    _require_open(incident)
    held = incident.handling
    if isinstance(held, Acknowledged) and not held.worse:
        before = IncidentAcknowledged(
            incident_id=incident.incident_id, machine_id=incident.machine_id, actor=held.actor
        )
        raise AlreadyAcknowledged(f"{held.actor} acknowledged it at {_moment(held.at)}", because_of=before)
    return IncidentAcknowledged(incident_id=incident.incident_id, machine_id=incident.machine_id, actor=command.actor)


def _assigned(incident: Incident, command: AssignIncident) -> IncidentAssigned:
    _require_open(incident)
    return IncidentAssigned(
        incident_id=incident.incident_id,
        machine_id=incident.machine_id,
        assignee=_text("assignee", command.assignee),
        actor=command.actor,
    )


def _commented(incident: Incident, command: CommentIncident) -> IncidentCommented:
    return IncidentCommented(
        incident_id=incident.incident_id,
        machine_id=incident.machine_id,
        text=_text("text", command.text),
        actor=command.actor,
    )


def _resolved(incident: Incident, command: ResolveIncident) -> IncidentResolved:
    _require_open(incident)
    if command.judgement not in set(Judgement):
        raise JudgementMissing(f"judgement is one of {', '.join(Judgement)}, not {command.judgement[:40]!r}")
    return IncidentResolved(
        incident_id=incident.incident_id,
        machine_id=incident.machine_id,
        judgement=command.judgement,
        cause=_text("cause", command.cause, may_be_empty=True),
        actor=command.actor,
    )


def _reopened(incident: Incident, command: ReopenIncident) -> IncidentReopened:
    if not isinstance(incident.handling, Resolved):
        raise NotResolved("it has not been resolved, so there is nothing to reopen")
    return IncidentReopened(
        incident_id=incident.incident_id,
        machine_id=incident.machine_id,
        because=_text("because", command.because),
        actor=command.actor,
    )


def _rank(severity: str) -> int:
    """Return how bad a severity is; one that this version does not know counts as the worst."""
    return SEVERITY_RANK.get(severity, len(SEVERITY_RANK))


def _require_open(incident: Incident) -> None:
    held = incident.handling
    if isinstance(held, Resolved) and not held.worse:
        judged = held.judgement.replace("_", " ")
        raise AlreadyResolved(f"{held.actor} resolved it as {judged} at {_moment(held.at)}; reopen it first")


def _text(name: str, text: str, *, may_be_empty: bool = False) -> str:
    if not text.strip() and not may_be_empty:
        raise TextRefused(f"{name} is empty")
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        raise TextRefused(f"{name} contains NUL or half a character")
    if len(text) > LONGEST_TEXT:
        raise TextRefused(f"{name} has {len(text):,} characters; at most {LONGEST_TEXT:,}")
    return text


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")
