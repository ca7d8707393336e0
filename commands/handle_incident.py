"""The commands on incidents: acknowledge, assign, comment, resolve, reopen."""

from dataclasses import dataclass

from commands.aggregates import Aggregates
from commands.answers import Answer
from commands.stamps import CommandStamp
from commands.write_side import Request, WriteSide
from domain.incident_events import IncidentEvent
from domain.incidents import Incident, IncidentCommand, decide, evolve

Incidents = Aggregates[Incident | None, IncidentEvent]


def incidents_fold() -> Incidents:
    """Return every incident by its id, as the log tells it: episodes by the scorer, the rest by people."""
    return Aggregates(
        first=None,
        evolve=lambda incident, record: evolve(incident, record.event, at=record.appended_at),
        key_of=lambda event: str(event.incident_id),
    )


@dataclass(frozen=True, slots=True)
class IncidentHandler:
    """Carries out what people want with incidents; `incidents` is one of the write side's folds."""

    write_side: WriteSide[IncidentEvent]
    incidents: Incidents

    def handle(
        self, command: IncidentCommand, stamp: CommandStamp, *, if_match: str | None = None
    ) -> Answer[IncidentEvent]:
        """Append what the command leads to; raises what `WriteSide.perform` raises."""
        return self.write_side.perform(self.request(command, stamp, if_match=if_match))

    def request(
        self, command: IncidentCommand, stamp: CommandStamp, *, if_match: str | None = None
    ) -> Request[Incident | None, IncidentEvent]:
        """Return the request that a command makes; an incident's events lie with its machine's readings."""
        key = str(command.incident_id)
        return Request.of(
            command,
            stamp,
            fold=self.incidents,
            key=key,
            decide=lambda known: decide(known, command),
            log_key=lambda incident: key if incident is None else incident.machine_id,
            if_match=if_match,
        )
