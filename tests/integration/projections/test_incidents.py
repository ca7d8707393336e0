"""Read model incidents: the state after every event is that of the domain's fold, now and as of every moment."""

from datetime import timedelta
from random import Random

import psycopg
import pytest

from domain.anomalies import SEVERITY_RANK
from domain.incident_events import IncidentEvent, incident_id
from domain.incidents import Acknowledged, Incident, New, Resolved, evolve, needs_someone
from domain.positions import Position
from tests.builders import NOON
from tests.fakes.projections import FakeLog, FakeVocabulary
from tests.integration.projections.projecting import projected
from tests.integration.projections.random_log import random_incident_event

INCIDENT = incident_id(Position("sensor-events", 3, 7))
HANDLINGS = {New: "new", Acknowledged: "acknowledged", Resolved: "resolved"}


@pytest.mark.parametrize("seed", range(6))
def test_the_state_at_every_moment_is_the_domains_fold_up_to_it(
    connection: psycopg.Connection, database: str, seed: int
) -> None:
    chance, log = Random(seed), FakeLog()
    events: list[IncidentEvent] = []
    for number in range(40):
        events.append(random_incident_event(chance, INCIDENT, "pump-07", number))
        log.append(events[-1], topic="incident-events", partition=3, appended_s=number)
    projected(connection, database, "incidents", log, FakeVocabulary(log.contracts, {}))

    folded: Incident | None = None
    for number, event in enumerate(events):
        at = NOON + timedelta(seconds=number)
        folded = evolve(folded, event, at=at)
        row = connection.execute(
            """
            SELECT active, severity_rank, kinds, handling, handled_by, worse, assignee, needs_someone
            FROM incident_states
            WHERE known_at <= %(at)s AND coalesce(until_known_at > %(at)s, TRUE)
            """,
            {"at": at},
        ).fetchall()
        assert row == ([] if folded is None else [as_row(folded)]), (number, event)


def as_row(incident: Incident) -> tuple[object, ...]:
    handling = incident.handling
    return (
        incident.active,
        SEVERITY_RANK[incident.severity],
        sorted(incident.kinds),
        HANDLINGS[type(handling)],
        None if isinstance(handling, New) else handling.actor,
        False if isinstance(handling, New) else handling.worse,
        incident.assignee,
        needs_someone(incident),
    )
