"""What people do about incidents over HTTP: once each, refused with who and when, one or many at a time."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from commands.record_readings import RecordReadingsHandler
from domain.incident_events import IncidentAcknowledged, IncidentResolved
from domain.topics import INCIDENT_EVENTS
from infra.http.command_service import command_service
from infra.http.keys import KeyGuard
from tests.fakes.event_log import SharedLog
from tests.fakes.incidents import an_incident_handler
from tests.fakes.intake import FakeProfiles, FakeReadingLog
from tests.unit.commands.test_promote_model import a_handler, a_log
from tests.unit.domain.test_incidents import ID, opened

HERE = f"/incidents/{ID}"


@pytest.fixture
def shared() -> SharedLog:
    shared = SharedLog(topic=INCIDENT_EVENTS)
    shared.put(opened())
    return shared


@pytest.fixture
def client(shared: SharedLog) -> Iterator[TestClient]:
    service = command_service(
        record_readings=RecordReadingsHandler(log=FakeReadingLog(), profiles=FakeProfiles()),
        promote_model=a_handler(a_log()),
        incidents=an_incident_handler(shared),
        guard=KeyGuard(()),
        version="test",
        end=lambda: None,
    )
    with TestClient(service) as opened_client:
        yield opened_client


def test_acknowledging_is_one_event_however_often_it_is_sent(client: TestClient, shared: SharedLog) -> None:
    answers = [client.post(f"{HERE}/acknowledge", headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    assert answers[0].headers["ETag"] == '"incident-events/0/1"'
    (acknowledged,) = [one.event for one in shared.records if isinstance(one.event, IncidentAcknowledged)]
    assert acknowledged.machine_id == "pump-07"


def test_the_second_to_acknowledge_learns_who_was_first_and_when(client: TestClient) -> None:
    client.post(f"{HERE}/acknowledge")
    refused = client.post(f"{HERE}/acknowledge")
    assert refused.status_code == 409
    assert refused.json()["rule"] == "AlreadyAcknowledged"
    assert refused.json()["standing"]["actor"] == "local"


def test_what_was_seen_before_somebody_else_acted_is_refused(client: TestClient) -> None:
    seen = '"incident-events/0/0"'
    client.post(f"{HERE}/comment", json={"text": "bearing?"})
    refused = client.post(f"{HERE}/resolve", json={"judgement": "true_alarm"}, headers={"If-Match": seen})
    assert refused.status_code == 412


def test_a_judgement_is_kept_with_its_cause(client: TestClient, shared: SharedLog) -> None:
    answer = client.post(f"{HERE}/resolve", json={"judgement": "true_alarm", "cause": "bearing"})
    assert answer.json()["event"] == "IncidentResolved"
    (resolved,) = [one.event for one in shared.records if isinstance(one.event, IncidentResolved)]
    assert (resolved.judgement, resolved.cause) == ("true_alarm", "bearing")


def test_an_unknown_incident_is_404_and_an_unknown_judgement_422(client: TestClient) -> None:
    assert client.post("/incidents/00000000-0000-0000-0000-000000000000/acknowledge").status_code == 404
    assert client.post(f"{HERE}/resolve", json={"judgement": "fine"}).status_code == 422


def test_many_at_once_are_answered_one_by_one(client: TestClient) -> None:
    wanted = [
        {"incident_id": str(ID), "action": "acknowledge"},
        {"incident_id": str(ID), "action": "acknowledge"},
        {"incident_id": str(ID), "action": "resolve", "judgement": "nonsense"},
        {"incident_id": "00000000-0000-0000-0000-000000000000", "action": "comment", "text": "?"},
        {"incident_id": str(ID), "action": "resolve", "judgement": "planned"},
    ]
    answers = client.post("/incidents", json=wanted).json()
    assert [one["status"] for one in answers] == [201, 409, 422, 404, 201]
    assert answers[1]["rule"] == "AlreadyAcknowledged"


def test_what_people_say_lies_with_the_machines_incidents_also_when_the_incident_came_a_moment_ago(
    client: TestClient, shared: SharedLog
) -> None:
    client.post(f"{HERE}/acknowledge")
    assert shared.keys == ["pump-07"]
