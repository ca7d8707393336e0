from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from projections.folder import Folder, load_folder
from query_api.as_of import is_complete, kept_from, require_kept
from query_api.errors import Forgotten
from query_api.store import Checkpoint, TableRows
from tests.builders import NOON
from tests.fakes.store import FakeReadModelStore

LATER = NOON + timedelta(seconds=1)


def a_checkpoint(known_at: datetime | None, *, partition: int = 0, read_model: str = "readings") -> Checkpoint:
    """Return how far a read model has read sensor-events."""
    return Checkpoint(
        read_model=read_model, topic="sensor-events", partition=partition, next_offset=1, known_at=known_at
    )


@pytest.mark.parametrize(
    ("passed", "complete_to", "complete"),
    [
        ([LATER, LATER], None, True),
        ([LATER, NOON], None, False),
        ([LATER, None], None, False),
        ([NOON, None], LATER, True),
        ([NOON, None], NOON, False),
        ([], None, False),
    ],
)
def test_an_answer_is_complete_once_every_partition_passed_the_moment_or_showed_its_end_long_after(
    passed: list[datetime | None], complete_to: datetime | None, *, complete: bool
) -> None:
    points = [a_checkpoint(known_at, partition=number) for number, known_at in enumerate(passed)]
    assert is_complete(NOON, checkpoints=points, complete_to=complete_to) is complete


def test_days_kept_count_back_from_the_newest_record_and_never_from_now() -> None:
    points = [a_checkpoint(NOON), a_checkpoint(NOON - timedelta(days=9), partition=1), a_checkpoint(None, partition=2)]
    assert kept_from(points, 7) == NOON - timedelta(days=7)
    assert kept_from(points, None) is None
    assert kept_from([a_checkpoint(None)], 7) is None


def test_a_moment_before_what_is_kept_is_refused_with_the_first_that_is() -> None:
    points = [a_checkpoint(NOON), a_checkpoint(NOON + timedelta(days=30), read_model="anomalies")]
    kept = {"readings": a_folder_that_keeps(7).keep_days, "anomalies": None}
    require_kept(NOON - timedelta(days=7), checkpoints=points, keep_days=kept)
    with pytest.raises(Forgotten, match=r"readings keeps 7 days and knows nothing before 2026-03-02T12:00:00"):
        require_kept(NOON - timedelta(days=7, microseconds=1), checkpoints=points, keep_days=kept)


def test_beyond_the_days_kept_is_410_as_a_problem(client: TestClient, store: FakeReadModelStore) -> None:
    store.checkpoints = [a_checkpoint(NOON)]
    store.keep_days = {"readings": 1}
    assert client.get("/events/latest", params={"as_of": NOON.isoformat()}).status_code == 200
    answer = client.get("/events/latest", params={"as_of": "2026-03-01T00:00:00Z"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (410, "application/problem+json")
    assert "readings keeps 1 days" in answer.json()["detail"]
    assert client.get("/models", params={"as_of": "2026-03-01T00:00:00Z"}).status_code == 200


def test_an_answer_as_of_says_whether_it_is_complete(client: TestClient, store: FakeReadModelStore) -> None:
    headers = client.get("/models", params={"as_of": NOON.isoformat()}).headers
    assert (headers["Telltale-As-Of"], headers["Telltale-Complete"]) == ("2026-03-09T12:00:00+00:00", "false")
    store.complete_to = LATER
    assert client.get("/models", params={"as_of": NOON.isoformat()}).headers["Telltale-Complete"] == "true"
    assert "Telltale-Complete" not in client.get("/models").headers


@pytest.mark.parametrize("route", ["/projections", "/topics", "/freshness", "/metrics", "/stream"])
def test_what_no_record_keeps_refuses_as_of_and_says_why(client: TestClient, route: str) -> None:
    answer = client.get(route, params={"as_of": NOON.isoformat()})
    assert (answer.status_code, "which no record keeps" in answer.json()["detail"]) == (422, True)


def test_a_moment_to_come_does_not_make_sensors_silent(client: TestClient, store: FakeReadModelStore) -> None:
    client.get("/sensors", params={"as_of": "2030-01-01T00:00:00Z"})
    assert store.asked[-1]["then"] == NOON
    client.get("/sensors", params={"as_of": "2026-03-09T11:00:00Z"})
    assert store.asked[-1]["then"] == NOON - timedelta(hours=1)


def test_a_table_of_any_read_model_is_asked_as_of(client: TestClient, store: FakeReadModelStore) -> None:
    store.tables["ledger"] = TableRows(columns=("partition",), rows=((1,),), last_key=("1",))
    client.get("/read-models/scoring/ledger", params={"as_of": NOON.isoformat()})
    assert store.asked[-1]["as_of"] == NOON


def a_folder_that_keeps(days: int) -> Folder:
    """Return read model readings with days to keep."""
    texts = dict(load_folder("readings").texts)
    kept = f'keep_days = {days}\n[keep_by]\nreadings = "known_at"\n[keys]'
    texts["projection.toml"] = texts["projection.toml"].replace("[keys]", kept)
    return Folder.from_texts(texts)
