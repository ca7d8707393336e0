"""GET /incidents over a real PostgreSQL: what needs somebody comes worst first, and as it stood at any moment."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from domain.incident_events import (
    IncidentAcknowledged,
    IncidentCommented,
    IncidentEnded,
    IncidentEvent,
    IncidentOpened,
    IncidentResolved,
    incident_id,
)
from domain.models import ModelRef
from domain.positions import Position
from infra.host.embedded.postgres import PostgresService
from tests.builders import NOON
from tests.fakes.projections import FakeLog
from tests.integration.query_api.conftest import Plant, a_database, client_of

MODEL = ModelRef(profile="pump@1", name="pump", version=3, artifact_sha256="0" * 64)
FIRST, SECOND, THIRD = (incident_id(Position("sensor-events", 0, offset)) for offset in (10, 20, 30))


def opened(number: int, severity: str) -> IncidentOpened:
    return IncidentOpened(
        incident_id=(FIRST, SECOND, THIRD)[number],
        machine_id=f"pump-0{number}",
        sensor_id="motor",
        recorded_at=NOON + timedelta(seconds=number),
        reading_position=f"sensor-events/0/{number}",
        kinds=("shift", "spike"),
        channels=("vibration",),
        severity=severity,
        score=2.5,
        model=MODEL,
        late=False,
    )


EVENTS: tuple[IncidentEvent, ...] = (
    opened(0, "warning"),
    opened(1, "critical"),
    opened(2, "critical"),
    IncidentAcknowledged(incident_id=SECOND, machine_id="pump-01", actor="anna"),
    IncidentCommented(incident_id=SECOND, machine_id="pump-01", text="bearing noise", actor="anna"),
    IncidentEnded(incident_id=SECOND, machine_id="pump-01", ended_at=NOON + timedelta(seconds=60)),
    IncidentResolved(incident_id=THIRD, machine_id="pump-02", judgement="false_alarm", cause="door", actor="bo"),
)


@pytest.fixture(scope="module")
def incidents(postgres: PostgresService) -> Iterator[TestClient]:
    log = FakeLog()
    for second, event in enumerate(EVENTS):
        log.append(event, topic="incident-events", partition=0, appended_s=second)
    plant = Plant(log, a_database(postgres, "incidents"))
    plant.project("incidents")
    with client_of(plant, postgres) as client:
        yield client


def listed(client: TestClient, **asked: str | int) -> list[str]:
    return [one["machine_id"] for one in client.get("/incidents", params=asked).json()["items"]]


def at(second: int) -> str:
    return (NOON + timedelta(seconds=second, milliseconds=500)).isoformat()


def test_what_needs_somebody_comes_worst_first_and_what_is_judged_does_not(incidents: TestClient) -> None:
    assert listed(incidents, needs_someone="true") == ["pump-01", "pump-00"]


def test_all_come_newest_first_and_page_by_cursor(incidents: TestClient) -> None:
    assert listed(incidents) == ["pump-02", "pump-01", "pump-00"]
    first = incidents.get("/incidents", params={"limit": 2}).json()
    assert listed(incidents, cursor=first["next_cursor"]) == ["pump-00"]
    worst = incidents.get("/incidents", params={"limit": 1, "needs_someone": "true"}).json()
    assert listed(incidents, cursor=worst["next_cursor"], needs_someone="true") == ["pump-00"]


def test_machine_and_severity_narrow_the_list(incidents: TestClient) -> None:
    assert listed(incidents, severity="high") == ["pump-02", "pump-01"]
    assert listed(incidents, machine_id="pump-00") == ["pump-00"]


def test_as_of_a_moment_the_list_is_what_was_known_then(incidents: TestClient) -> None:
    assert listed(incidents, as_of=at(1), needs_someone="true") == ["pump-01", "pump-00"]
    assert listed(incidents, as_of=at(2), needs_someone="true") == ["pump-02", "pump-01", "pump-00"]
    assert listed(incidents, as_of=at(3), needs_someone="true") == ["pump-02", "pump-00"], "acknowledged and active"
    assert listed(incidents, as_of=at(5), needs_someone="true") == ["pump-02", "pump-01", "pump-00"], (
        "ended, not judged"
    )


def test_one_incident_has_its_whole_history_and_the_version_that_commands_name(incidents: TestClient) -> None:
    answer = incidents.get(f"/incidents/{SECOND}").json()
    assert [step["event"] for step in answer["history"]] == [
        "IncidentOpened",
        "IncidentAcknowledged",
        "IncidentCommented",
        "IncidentEnded",
    ]
    incident = answer["incident"]
    assert (incident["handling"], incident["handled_by"], incident["comments"]) == ("acknowledged", "anna", 1)
    assert (incident["active"], incident["needs_someone"]) == (False, True)
    assert incident["version"] == "incident-events/0/5"
    assert [step["said"] for step in answer["history"]] == [None, None, "bearing noise", None]


def test_an_incident_that_nobody_knows_is_404(incidents: TestClient) -> None:
    missing = incident_id(Position("sensor-events", 7, 7))
    answer = incidents.get(f"/incidents/{missing}")
    assert (answer.status_code, "GET /incidents" in answer.json()["detail"]) == (404, True)
