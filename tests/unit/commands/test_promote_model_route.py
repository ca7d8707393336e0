"""A promotion over HTTP: its answers, and why it is refused."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from commands.record_readings import RecordReadingsHandler
from infra.http.command_service import command_service
from infra.http.keys import KeyGuard
from tests.builders import NOON
from tests.comparisons import compared
from tests.fakes.event_log import SharedLog
from tests.fakes.incidents import an_incident_handler
from tests.fakes.intake import FakeProfiles, FakeReadingLog
from tests.unit.commands.test_promote_model import a_handler, a_log


@pytest.fixture
def shared() -> SharedLog:
    return a_log(1, 2)


@pytest.fixture
def client(shared: SharedLog) -> Iterator[TestClient]:
    service = command_service(
        record_readings=RecordReadingsHandler(log=FakeReadingLog(), profiles=FakeProfiles()),
        promote_model=a_handler(shared),
        incidents=an_incident_handler(),
        guard=KeyGuard(()),
        version="test",
        end=lambda: None,
    )
    with TestClient(service) as opened:
        yield opened


def test_over_http_a_promotion_is_created_with_its_position(client: TestClient, shared: SharedLog) -> None:
    response = client.post("/models/pump/promote", json={"version": 2, "because": "better"})

    assert response.status_code == 201
    assert response.json() == {
        "model": "pump/2",
        "replaces": None,
        "because": "better",
        "actor": "local",
        "forced": False,
        "rollback": False,
        "comparison_id": None,
        "promoted_at": (NOON + timedelta(seconds=2)).isoformat().replace("+00:00", "Z"),
        "position": "model-events/0/2",
    }
    assert response.headers["Telltale-Position"] == "model-events/0/2"


def test_over_http_a_repetition_and_a_promoted_champion_are_ok_with_the_first_position(client: TestClient) -> None:
    wish = {"version": 1, "because": "first"}
    first = client.post("/models/pump/promote", json=wish, headers={"Idempotency-Key": "k"})

    repeated = client.post("/models/pump/promote", json=wish, headers={"Idempotency-Key": "k"})
    unchanged = client.post("/models/pump/promote", json={"version": 1, "because": "again"})

    assert first.status_code == 201
    assert repeated.status_code == unchanged.status_code == 200
    assert repeated.json() == unchanged.json() == first.json()


def test_over_http_the_gate_answers_409_with_numbers_and_budgets_each_time(
    client: TestClient, shared: SharedLog
) -> None:
    client.post("/models/pump/promote", json={"version": 1, "because": "first"})
    shared.put(compared(1, 2, comparison_id="c-12", lost_labelled_faults=1))
    wish = {"version": 2, "because": "newer"}

    answers = [client.post("/models/pump/promote", json=wish, headers={"Idempotency-Key": "k"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [409, 409]
    assert answers[0].json() == answers[1].json()
    problem = answers[0].json()
    assert "lost_labelled_faults is 1" in problem["detail"]
    assert problem["champion"]["model"] == "pump/1"
    rejection = problem["rejection"]
    assert (rejection["model"], rejection["against"], rejection["comparison_id"]) == ("pump/2", "pump/1", "c-12")
    assert rejection["numbers"]["lost_labelled_faults"] == 1
    assert [check["budget"] for check in rejection["checks"] if not check["kept"]] == ["lost_labelled_faults"]
    assert rejection["position"] == str(shared.records[-1].position)


def test_over_http_force_promotes_and_a_rollback_undoes_it(client: TestClient) -> None:
    client.post("/models/pump/promote", json={"version": 1, "because": "first"})

    forced = client.post("/models/pump/promote", json={"version": 2, "because": "I answer for it", "force": True})
    undone = client.post("/models/pump/rollback", json={"because": "noisy"}, headers={"Idempotency-Key": "back"})
    repeated = client.post("/models/pump/rollback", json={"because": "noisy"}, headers={"Idempotency-Key": "back"})
    nothing = client.post("/models/pump/rollback", json={"because": "noisy"})

    assert (forced.status_code, forced.json()["forced"], forced.json()["replaces"]) == (201, True, "pump/1")
    assert (undone.status_code, undone.json()["model"], undone.json()["rollback"]) == (201, "pump/1", True)
    assert (repeated.status_code, repeated.json()) == (200, undone.json())
    assert nothing.status_code == 409
    assert "pump/1 is the first champion" in nothing.json()["detail"]


def test_over_http_a_refusal_names_the_rule_and_who_decided_what_stands_when(client: TestClient) -> None:
    first = client.post("/models/pump/promote", json={"version": 1, "because": "first"})

    changed = client.post("/models/pump/rollback", json={"because": "noisy", "champion": "pump/2"})
    stale = client.post(
        "/models/pump/promote", json={"version": 2, "because": "newer"}, headers={"If-Match": '"model-events/0/0"'}
    )

    assert first.headers["ETag"] == '"model-events/0/2"'
    assert (changed.status_code, changed.json()["rule"]) == (409, "ChampionChanged")
    assert (stale.status_code, stale.json()["rule"]) == (412, "ChangedSince")
    for refusal in (changed, stale):
        standing = refusal.json()["standing"]
        assert standing == {
            "actor": "local",
            "at": (NOON + timedelta(seconds=2)).isoformat(),
            "position": "model-events/0/2",
        }


@pytest.mark.parametrize(
    "wish", [{}, {"version": 1}, {"version": 0, "because": "x"}, {"version": 1, "because": ""}, {"version": "one"}]
)
def test_over_http_a_wish_without_version_or_reason_is_refused(client: TestClient, wish: dict[str, object]) -> None:
    assert client.post("/models/pump/promote", json=wish).status_code == 422
