"""The invented plant's incidents: told by a log in memory that the real command service appends to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from commands.event_log import Record
from commands.stamps import CommandStamp
from domain.anomalies import SEVERITY_RANK, severity_of
from domain.command_answers import CommandAnswered
from domain.incident_events import (
    INCIDENT_NAMESPACE,
    IncidentAcknowledged,
    IncidentEnded,
    IncidentEvent,
    IncidentExtended,
    IncidentOpened,
)
from domain.incidents import Acknowledged, Incident, Resolved, evolve, needs_someone
from domain.models import ModelRef
from domain.topics import INCIDENT_EVENTS
from query_api.bodies import incidents as bodies
from tests.fakes.event_log import SharedLog
from tests.integration.dashboard import plant
from tests.integration.dashboard.plant import Fault


@dataclass
class IncidentLog(SharedLog):
    """incident-events; what is put later than the plant's beginning is appended at the clock's time."""

    topic: str = INCIDENT_EVENTS
    seeding_at: datetime | None = None

    def put(self, event: Any, stamp: CommandStamp | None = None) -> Record[Any]:
        record = super().put(event, stamp)
        if not isinstance(event, CommandAnswered):
            self.records[-1] = replace(record, appended_at=self.seeding_at or datetime.now(UTC))
            return self.records[-1]
        return record


OVER: Final = "M. Lindqvist"


def incident_log(origin: datetime) -> IncidentLog:
    """Return the log of one incident a machine; pump-05's is acknowledged, those of the past have ended."""
    log = IncidentLog()
    for machine in dict.fromkeys(fault.machine for fault in plant.FAULTS):
        faults = [fault for fault in plant.FAULTS if fault.machine == machine]
        for at, event in _events(machine, faults, origin):
            log.seeding_at = at
            log.put(event)
    log.seeding_at = None
    return log


def incident_of(machine: str) -> UUID:
    """Return the id of the machine's incident."""
    return uuid5(INCIDENT_NAMESPACE, machine)


def _events(machine: str, faults: Sequence[Fault], origin: datetime) -> list[tuple[datetime, IncidentEvent]]:
    first = faults[0]
    began = origin - timedelta(minutes=first.begins)
    found: list[tuple[datetime, IncidentEvent]] = [(began, _opened(machine, first, began))]
    steps = [(minutes, first.ratio(minutes)) for minutes in range(1, int(first.begins - max(first.ends, 0)) + 1)]
    severity = severity_of(first.ratio(0))
    for minutes, score in steps:
        if SEVERITY_RANK[severity_of(score)] > SEVERITY_RANK[severity]:
            severity = severity_of(score)
            at = began + timedelta(minutes=minutes)
            found.append((at, _extended(machine, first, at, severity=str(severity), score=score)))
    if machine == "pump-05":
        taken = IncidentAcknowledged(incident_id=incident_of(machine), machine_id=machine, actor=OVER)
        found.append((origin - timedelta(minutes=30), taken))
    if first.ends > 0:
        ended = origin - timedelta(minutes=first.ends)
        found.append((ended, IncidentEnded(incident_id=incident_of(machine), machine_id=machine, ended_at=ended)))
    return found


def _opened(machine: str, fault: Fault, at: datetime) -> IncidentOpened:
    score = fault.ratio(0)
    return IncidentOpened(
        incident_id=incident_of(machine),
        machine_id=machine,
        sensor_id=fault.sensor,
        recorded_at=at,
        reading_position="sensor-events/3/180442",
        kinds=(fault.kind,),
        channels=(fault.channel,),
        severity=str(severity_of(score)),
        score=score,
        model=ModelRef(
            name=plant.profile_of(machine),
            version=1,
            profile=f"{plant.profile_of(machine)}@1",
            artifact_sha256="0" * 64,
        ),
        late=False,
    )


def _extended(machine: str, fault: Fault, at: datetime, *, severity: str, score: float) -> IncidentExtended:
    return IncidentExtended(
        incident_id=incident_of(machine),
        machine_id=machine,
        sensor_id=fault.sensor,
        recorded_at=at,
        reading_position="sensor-events/3/180500",
        kinds=(),
        channels=(),
        severity=severity,
        score=score,
    )


def states(log: SharedLog, as_of: datetime | None = None) -> list[bodies.Incident]:
    """Return every incident as the log tells it, or told it then."""
    by_id: dict[UUID, list[Record[Any]]] = {}
    for record in log.records:
        if as_of is None or record.appended_at <= as_of:
            by_id.setdefault(record.event.incident_id, []).append(record)
    return [_state(records) for records in by_id.values()]


def listed(
    log: SharedLog,
    as_of: datetime | None,
    *,
    needing: bool,
    machine_id: str | None,
    starts_at: datetime | None,
    ends_at: datetime | None,
) -> list[bodies.Incident]:
    """Return them as GET /incidents does."""
    found = [
        one
        for one in states(log, as_of)
        if machine_id in {None, one.machine_id}
        and (starts_at is None or one.began_at >= starts_at)
        and (ends_at is None or one.began_at < ends_at)
        and (one.needs_someone or not needing)
    ]
    newest = sorted(found, key=lambda one: one.began_at, reverse=True)
    return sorted(newest, key=lambda one: -SEVERITY_RANK[one.severity]) if needing else newest


def in_full(log: SharedLog, incident_id: UUID, as_of: datetime | None) -> bodies.IncidentInFull | None:
    """Return one as GET /incidents/{incident_id} does."""
    state = next((one for one in states(log, as_of) if one.incident_id == incident_id), None)
    if state is None:
        return None
    history = [
        _step(record)
        for record in log.records
        if record.event.incident_id == incident_id and (as_of is None or record.appended_at <= as_of)
    ]
    return bodies.IncidentInFull(incident=state, history=history)


def _state(records: Sequence[Record[Any]]) -> bodies.Incident:
    incident: Incident | None = None
    for record in records:
        incident = evolve(incident, record.event, at=record.appended_at)
    assert incident is not None
    events = [record.event for record in records]
    opened, handling = events[0], incident.handling
    resolved = next((event for event in reversed(events) if type(event).__name__ == "IncidentResolved"), None)
    judged = isinstance(handling, Resolved)
    return bodies.Incident(
        incident_id=incident.incident_id,
        machine_id=incident.machine_id,
        sensor_id=opened.sensor_id,
        began_at=opened.recorded_at,
        ended_at=next((event.ended_at for event in events if isinstance(event, IncidentEnded)), None),
        active=incident.active,
        severity=incident.severity,
        kinds=sorted(incident.kinds),
        channels=list(opened.channels),
        score=max(event.score for event in events if isinstance(event, IncidentOpened | IncidentExtended)),
        model=f"{opened.model.name}/{opened.model.version}",
        profile=opened.model.profile,
        late=False,
        handling=type(handling).__name__.lower(),
        handled_by=handling.actor if isinstance(handling, Acknowledged | Resolved) else None,
        handled_at=handling.at if isinstance(handling, Acknowledged | Resolved) else None,
        judgement=handling.judgement if isinstance(handling, Resolved) else None,
        cause=resolved.cause if judged and resolved else None,
        worse=isinstance(handling, Acknowledged | Resolved) and handling.worse,
        assignee=incident.assignee,
        comments=sum(1 for event in events if type(event).__name__ == "IncidentCommented"),
        needs_someone=needs_someone(incident),
        known_at=records[-1].appended_at,
        version=str(records[-1].position),
    )


def _step(record: Record[Any]) -> bodies.IncidentStep:
    event = record.event
    told = [getattr(event, name, None) for name in ("assignee", "text", "cause", "because")]
    return bodies.IncidentStep(
        event=type(event).__name__,
        known_at=record.appended_at,
        happened_at=getattr(event, "recorded_at", None) or getattr(event, "ended_at", None),
        actor=getattr(event, "actor", None),
        kinds=list(event.kinds) if hasattr(event, "kinds") else None,
        channels=list(event.channels) if hasattr(event, "channels") else None,
        severity=getattr(event, "severity", None),
        score=getattr(event, "score", None),
        said=next((one for one in told if one is not None), None),
        judgement=getattr(event, "judgement", None),
        position=str(record.position),
    )
