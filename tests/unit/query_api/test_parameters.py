"""Parameters mean what was asked: what can't be honoured is refused by name, never passed over."""

import pytest
from fastapi.testclient import TestClient

from query_api.cursors import encode_cursor
from tests.fakes.store import FakeReadModelStore


@pytest.mark.parametrize(
    ("route", "says"),
    [
        ("/events/latest?senor_id=a", "senor_id: /events/latest has no such parameter; did you mean sensor_id?"),
        ("/verdicts?form=2026-01-01T00:00:00Z", "did you mean format?"),
        ("/machines?limit=1&limit=2", "limit: is given 2 times"),
        ("/verdicts?from=2026-01-01T00:00:00+02:00", "write it as %2B"),
        ("/verdicts?from=2026-01-01T00:00:00", "has no zone"),
        ("/verdicts?as_of=0.5", "is no moment"),
        ("/verdicts?as_of=9999-12-31T23:59:59-14:00", "is not within 1970 to 2199"),
        ("/verdicts?from=0001-01-01T00:00:00Z", "is not within 1970 to 2199"),
        ("/verdicts?from=1970-01-01T00:00:00%2B14:00", "is not within 1970 to 2199"),
        ("/verdicts?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "is not before to"),
        ("/anomalies?start_time=2026-01-02T00:00:00Z&end_time=2026-01-01T00:00:00Z", "is not before end_time"),
        ("/incidents?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "is not before to"),
        ("/verdicts?severity=x", "severity: "),
        ("/machines?min_position=sensor-events/0/99999999999999999999", "min_position: "),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(client: TestClient, route: str, says: str) -> None:
    answer = client.get(route)
    assert answer.status_code == 422
    assert says in answer.json()["detail"]


@pytest.mark.parametrize(
    "cursor",
    [
        "W" * 1999,
        "W1tb" * 499,
        encode_cursor("anomalies", (2**70, 0, 0)),
        encode_cursor("verdicts", ("\ud800",)),
        encode_cursor("anomalies", (0, 2**63, 0)),
        "!",
    ],
)
@pytest.mark.parametrize("route", ["/anomalies", "/verdicts", "/machines", "/read-models/readings/any"])
def test_no_cursor_is_an_error_of_ours(client: TestClient, route: str, cursor: str) -> None:
    assert client.get(route, params={"cursor": cursor}).status_code == 422


@pytest.mark.parametrize("route", ["/events/latest", "/anomalies/latest"])
def test_the_conventional_client_pages_by_offset(client: TestClient, store: FakeReadModelStore, route: str) -> None:
    assert client.get(route, params={"limit": 50, "offset": 100}).status_code == 200
    assert (store.asked[-1]["limit"], store.asked[-1]["offset"]) == (50, 100)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/csv", "text/csv"),
        ("application/json, text/csv;q=0.5", "application/json"),
        ("application/json;q=0.2, text/csv;q=0.5", "text/csv"),
        ("text/csv;q=0", "application/json"),
        ("*/*", "application/json"),
    ],
)
def test_the_wanted_kind_of_body_is_weighed(client: TestClient, accept: str, media_type: str) -> None:
    assert client.get("/machines", headers={"Accept": accept}).headers["Content-Type"].startswith(media_type)


@pytest.mark.parametrize("told", ["{tag}", "W/{tag}", '"other", W/{tag}', "*"])
def test_a_body_that_is_known_already_is_not_sent_again(client: TestClient, told: str) -> None:
    tag = client.get("/machines").headers["ETag"]
    assert client.get("/machines", headers={"If-None-Match": told.format(tag=tag)}).status_code == 304
    assert client.get("/machines", headers={"If-None-Match": '"other"'}).status_code == 200
