"""Who is called for an incident, and why nobody is: pure rules over what the log says and the moment that is given.

For every incident one of two facts ends in the log, AlertSent or AlertSuppressed. Only what is new calls: a replay, a
rebuild, a first start and an import of last year page nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, assert_never
from uuid import UUID

from domain.anomalies import SEVERITY_RANK, Severity
from domain.incident_events import (
    IncidentAcknowledged,
    IncidentEvent,
    IncidentExtended,
    IncidentOpened,
    IncidentResolved,
)

FRESH_FOR: Final = timedelta(minutes=10)
"""An alarm that is older, by the device's clock or the log's, calls nobody any more."""

RULE: Final = "severity"
"""The one rule there is: a severity from which somebody is called."""

SUMMARY: Final = "summary"
"""The rule of a call that tells of several incidents, after a receiver was away."""


class Suppressed(StrEnum):
    """Why nobody is called for an incident."""

    STALE = "stale"
    LATE = "late"
    COOLDOWN = "cooldown"
    HANDLED = "handled"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSent:
    """Somebody was called for an incident. Schema: telltale.AlertSent.avsc."""

    incident_id: UUID
    machine_id: str
    rule: str
    target: str
    idempotency_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSuppressed:
    """Nobody is called for an incident. Schema: telltale.AlertSuppressed.avsc."""

    incident_id: UUID
    machine_id: str
    rule: str
    reason: str


AlertEvent = AlertSent | AlertSuppressed


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """From which severity on somebody is called, and for how long the same machine then calls nobody again."""

    severity: Severity = Severity.HIGH
    cooldown: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """An incident for which nothing is decided; at: when the log took the event that made it as severe as it is."""

    opened: IncidentOpened
    severity: str
    score: float
    recorded_at: datetime
    at: datetime
    handled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What the log says of calls so far; called_at: by machine, the log's time of its newest call."""

    undecided: Mapping[UUID, Undecided] = field(default_factory=dict)
    decided: frozenset[UUID] = frozenset()
    called_at: Mapping[str, datetime] = field(default_factory=dict)


def after_incident(calls: Calls, event: IncidentEvent, *, at: datetime) -> Calls:
    """Return the state after an event of an incident, which the log took at `at`."""
    if event.incident_id in calls.decided:
        return calls
    held = calls.undecided.get(event.incident_id)
    match event:
        case IncidentOpened() if held is None:
            begun = Undecided(
                opened=event, severity=event.severity, score=event.score, recorded_at=event.recorded_at, at=at
            )
            return _with(calls, event.incident_id, begun)
        case IncidentExtended(severity=str(severity)) if held is not None:
            worse = replace(held, severity=severity, score=event.score, recorded_at=event.recorded_at, at=at)
            return _with(calls, event.incident_id, worse)
        case IncidentAcknowledged() | IncidentResolved() if held is not None:
            return _with(calls, event.incident_id, replace(held, handled=True))
        case _:
            return calls


def after_alert(calls: Calls, event: AlertEvent, *, at: datetime) -> Calls:
    """Return the state after a decision, which the log took at `at`."""
    undecided = {name: held for name, held in calls.undecided.items() if name != event.incident_id}
    decided = calls.decided | {event.incident_id}
    match event:
        case AlertSent(machine_id=machine):
            return Calls(undecided=undecided, decided=decided, called_at={**calls.called_at, machine: at})
        case AlertSuppressed():
            return replace(calls, undecided=undecided, decided=decided)
        case _:
            assert_never(event)


def due(calls: Calls, rule: AlertRule) -> tuple[Undecided, ...]:
    """Return the incidents that are to be decided now, in the log's order: severe enough, or past being called for."""
    return tuple(
        held
        for held in calls.undecided.values()
        if SEVERITY_RANK.get(held.severity, len(SEVERITY_RANK)) >= SEVERITY_RANK[rule.severity]
    )


def suppression(held: Undecided, calls: Calls, rule: AlertRule, *, now: datetime) -> Suppressed | None:
    """Return why nobody is called for an incident at `now`; None: somebody is."""
    if held.opened.late:
        return Suppressed.LATE
    if now - held.recorded_at > FRESH_FOR or now - held.at > FRESH_FOR:
        return Suppressed.STALE
    if held.handled:
        return Suppressed.HANDLED
    called_at = calls.called_at.get(held.opened.machine_id)
    if called_at is not None and now - called_at < rule.cooldown:
        return Suppressed.COOLDOWN
    return None


def idempotency_key(incident: UUID, rule: str) -> str:
    """Return the key under which a call is repeated: a receiver that knows it calls nobody twice."""
    return f"{incident}/{rule}"


def _with(calls: Calls, incident: UUID, held: Undecided) -> Calls:
    return replace(calls, undecided={**calls.undecided, incident: held})
