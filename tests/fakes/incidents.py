"""The handler of commands on incidents, over a log in memory."""

from commands.handle_incident import IncidentHandler, incidents_fold
from commands.write_side import WriteSide
from domain.incident_events import IncidentEvent
from domain.topics import INCIDENT_EVENTS
from tests.fakes.event_log import FakeEventLog, SharedLog


def an_incident_handler(shared: SharedLog | None = None) -> IncidentHandler:
    """Return a handler whose write side is open; `shared` holds what the scorer said."""
    incidents = incidents_fold()
    log = FakeEventLog(shared or SharedLog(topic=INCIDENT_EVENTS))
    write_side: WriteSide[IncidentEvent] = WriteSide(log, [incidents])
    write_side.open()
    return IncidentHandler(write_side, incidents)
