from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from query_api.errors import StoreNotReachable
from query_api.log_cut import LogCut
from query_api.routes import flat, verdicts
from query_api.seen_sensors import SENSOR, seen
from query_api.store import Checkpoint, TableRows
from tests.builders import NOON
from tests.fakes.store import FakeReadModelStore
from tests.unit.query_api.conftest import client_of

READING = {
    "event_id": UUID(int=1),
    "sensor_id": "north",
    "timestamp": NOON,
    "temperature": 21.5,
    "pressure": None,
    "vibration": float("nan"),
}


def test_health_answers_while_the_database_is_away(client: TestClient, store: FakeReadModelStore) -> None:
    store.broken = StoreNotReachable("away")
    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/health/ready").status_code == 503


def test_newest_readings_are_a_bare_list_and_no_number_is_null(client: TestClient, store: FakeReadModelStore) -> None:
    store.rows[flat.LATEST] = [READING]
    answer = client.get("/events/latest")
    assert answer.json() == [
        {
            "event_id": str(UUID(int=1)),
            "sensor_id": "north",
            "timestamp": "2026-03-09T12:00:00Z",
            "temperature": 21.5,
            "pressure": None,
            "vibration": None,
        }
    ]


@pytest.mark.parametrize("limit", [0, -1, 1001, "many"])
@pytest.mark.parametrize("route", ["/events/latest", "/anomalies", "/verdicts", "/machines", "/contracts"])
def test_a_limit_out_of_range_is_422_and_named(client: TestClient, route: str, limit: int | str) -> None:
    answer = client.get(route, params={"limit": limit})
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert answer.json()["detail"].startswith("limit: ")


@pytest.mark.parametrize(
    ("route", "parameters", "named"),
    [
        ("/anomalies", {"start_time": "yesterday"}, "start_time"),
        ("/verdicts", {"from": "2026-03-09T12:00:00Z", "cursor": "!"}, "cursor"),
        ("/verdicts", {"cursor": "W10"}, "cursor"),
        ("/anomalies/not-an-id", {}, "event_id"),
        ("/projections", {"as_of": "2026-03-09T12:00:00Z"}, "as_of"),
        ("/models", {"min_position": "somewhere"}, "min_position"),
        ("/swimlane", {"bucket": 61}, "bucket"),
        ("/swimlane", {"by": "colour"}, "by"),
        ("/machines", {"format": "xml"}, "format"),
        (f"/anomalies/{UUID(int=1)}/explanation", {"verify": "perhaps"}, "verify"),
    ],
)
def test_a_parameter_that_cannot_be_honoured_is_422_and_named(
    client: TestClient, route: str, parameters: dict[str, str], named: str
) -> None:
    answer = client.get(route, params=parameters)
    assert answer.status_code == 422
    assert named in answer.json()["detail"]


def test_a_backward_range_is_refused(client: TestClient, store: FakeReadModelStore) -> None:
    store.rows[seen(LogCut(None, {}), SENSOR)] = [a_sensor()]
    asked = {"from": "2026-03-09T12:00:00Z", "to": "2026-03-09T11:00:00Z"}
    answer = client.get("/sensors/north/readings", params=asked)
    assert (answer.status_code, "is not before" in answer.json()["detail"]) == (422, True)


@pytest.mark.parametrize(
    "route",
    [
        f"/anomalies/{UUID(int=1)}",
        f"/anomalies/{UUID(int=1)}/explanation",
        "/sensors/nowhere",
        "/sensors/nowhere/readings",
        "/models/pump/timeline",
        "/read-models/readings/nothing",
        "/nothing",
    ],
)
def test_what_is_not_there_is_404_with_the_way_on(client: TestClient, route: str) -> None:
    problem = client.get(route)
    assert (problem.status_code, problem.json()["status"]) == (404, 404)
    assert problem.json()["detail"]


def test_writing_is_not_this_service(client: TestClient) -> None:
    assert client.post("/anomalies").status_code == 405


def test_a_read_model_not_built_is_503_with_retry_after(client: TestClient, store: FakeReadModelStore) -> None:
    store.missing.add("anomalies")
    answer = client.get("/anomalies")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert answer.json()["title"] == "Service Unavailable"


def test_an_unknown_read_model_is_404_not_503(client: TestClient, store: FakeReadModelStore) -> None:
    store.missing.add("fables")
    assert client.get("/read-models/fables/moral").status_code == 404


def test_any_table_pages_by_its_key(client: TestClient, store: FakeReadModelStore) -> None:
    store.tables["ledger"] = TableRows(columns=("partition", "known_at"), rows=((1, NOON),), last_key=("1",))
    page = client.get("/read-models/scoring/ledger", params={"limit": 1}).json()
    assert page["rows"] == [[1, "2026-03-09T12:00:00Z"]]
    client.get("/read-models/scoring/ledger", params={"limit": 1, "cursor": page["next_cursor"]})
    assert store.asked[-1] == {"after": ["1"], "limit": 1, "as_of": None}
    csv = client.get("/read-models/scoring/ledger", params={"format": "csv"}).text
    assert csv == "partition,known_at\r\n1,2026-03-09T12:00:00Z\r\n"


def test_a_row_of_an_unexpected_shape_is_500_without_its_content(client: TestClient, store: FakeReadModelStore) -> None:
    store.rows[flat.LATEST] = [{"event_id": "top secret"}]
    with capture_logs() as logs:
        answer = client.get("/events/latest")
    assert (answer.status_code, "secret" in answer.text) == (500, False)
    assert [entry["event"] for entry in logs] == ["request_failed"]


def test_position_and_completeness_come_from_the_slowest_build(client: TestClient, store: FakeReadModelStore) -> None:
    store.checkpoints = [
        Checkpoint(read_model=name, topic="sensor-events", partition=partition, next_offset=upto, known_at=NOON)
        for name, partition, upto in (("readings", 0, 9), ("sensors", 0, 7), ("readings", 1, 0))
    ]
    headers = client.get("/events/latest").headers
    assert headers["Telltale-Position"] == "sensor-events/0/6"
    assert headers["Telltale-Build"] == "readings=1,sensors=1"
    assert (headers["Telltale-Lag-Seconds"], headers["Telltale-As-Of"]) == (
        "0.250",
        "2026-03-09T11:59:59.750000+00:00",
    )


def test_optional_filters_reach_the_statement(client: TestClient, store: FakeReadModelStore) -> None:
    client.get("/verdicts", params={"machine_id": "hall-a", "kind": "spike", "as_of": "2026-03-09T13:00:00+01:00"})
    assert store.asked[-1]["machine_id"] == "hall-a"
    assert store.asked[-1]["kind"] == "spike"
    assert store.asked[-1]["as_of"] == NOON
    assert verdicts.READ_MODELS == ("anomalies",)


def test_the_store_is_closed_with_the_application(store: FakeReadModelStore) -> None:
    with client_of(store):
        assert store.is_open
    assert not store.is_open


def a_sensor() -> dict[str, object]:
    """Return the row of a sensor."""
    return {
        "machine_id": "hall-a",
        "sensor_id": "north",
        "profile": "environment@1",
        "state": "ok",
        "readings": 3,
        "first_recorded_at": NOON,
        "last_recorded_at": NOON,
        "last_known_at": NOON,
        "last_measurements": {"temperature": 21.5},
        "last_position": "sensor-events/0/2",
        "expected_interval_s": 1.0,
    }
