"""No light is green while readings are not judged, or while nobody can say so."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fastapi.testclient import TestClient

from domain.judging import Judging, JudgingState, PartitionJudging
from query_api.outlook import StackPart
from query_api.routes.freshness import COUNTS
from query_api.routes.operations import FLAGS, LETTERS
from query_api.routes.status import STATUSES
from tests.builders import NOON
from tests.fakes.outlook import ALL_JUDGED, FakeJudgingOutlook, FakeStackOutlook
from tests.fakes.store import FakeReadModelStore
from tests.unit.query_api.conftest import client_of

RUNNING = {
    "read_model": "readings",
    "build": 1,
    "serving": True,
    "created_at": NOON,
    "loaded_at": NOON,
    "state": "running",
    "cause": None,
    "position": None,
    "lag_offsets": 0,
    "lag_seconds": 0.0,
    "rate_per_s": 0.0,
    "known_at": NOON,
    "reported_at": NOON,
}


def judging(state: JudgingState, cause: str | None = None) -> Judging:
    behind = PartitionJudging(topic="sensor-events", partition=3, end=140, accounted=100, oldest_at_us=1)
    return Judging(state=state, unjudged=40, oldest_s=25.0, cause=cause, partitions=(behind,))


def part(name: str, state: str = "ready", cause: str | None = None) -> StackPart:
    return StackPart(name=name, state=state, cause=cause, restarts=2, memory_bytes=1_000, disk_bytes=None)


@contextmanager
def served(answer: Judging | None, *parts: StackPart) -> Iterator[tuple[TestClient, FakeReadModelStore]]:
    store = FakeReadModelStore()
    store.rows[STATUSES] = [RUNNING]
    with client_of(store, judging=FakeJudgingOutlook(answer), stack=FakeStackOutlook([*parts])) as client:
        yield client, store


def test_ready_is_ok_while_everything_is_judged_and_shown() -> None:
    with served(ALL_JUDGED) as (client, _):
        answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"], answer.json()["stopped"]) == (200, "ok", [])
    assert answer.json()["judging"] == {"state": "judged", "unjudged": 0, "oldest_unjudged_s": 0.0, "cause": None}


def test_ready_is_503_with_the_cause_when_nobody_judges() -> None:
    stands = judging(JudgingState.NOT_JUDGED, "readings from sensor-events/3/100 on have not been judged for 25 s")
    scorer = part("scorer-0", "restarting", "12:00:01 UTC ended with exit code 3: Kafka went away")
    with served(stands, part("api"), scorer) as (client, _):
        answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (503, "stopped")
    (told,) = answer.json()["stopped"]
    assert told == (
        "readings: readings from sensor-events/3/100 on have not been judged for 25 s; "
        "scorer-0 is restarting: 12:00:01 UTC ended with exit code 3: Kafka went away"
    )


@pytest.mark.parametrize(
    ("state", "code", "status"),
    [(JudgingState.CATCHING_UP, 200, "behind"), (JudgingState.FALLING_BEHIND, 503, "stopped")],
)
def test_a_backlog_is_told_and_one_that_grows_is_not_ready(state: JudgingState, code: int, status: str) -> None:
    with served(judging(state)) as (client, _):
        answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (code, status)


def test_what_cannot_be_asked_is_not_ready() -> None:
    with served(None) as (client, _):
        answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["judging"]["state"]) == (503, "unknown")
    assert answer.json()["stopped"] == ["readings: no broker answers"]


def test_freshness_says_whether_readings_are_judged() -> None:
    with served(judging(JudgingState.NOT_JUDGED, "it stands still")) as (client, store):
        store.rows[COUNTS] = [{"machines": 1, "sensors": 1, "readings": 140, "last_reading_known_at": NOON}]
        told = client.get("/freshness").json()["judging"]
    assert told == {"state": "not_judged", "unjudged": 40, "oldest_unjudged_s": 25.0, "cause": "it stands still"}


def test_metrics_tell_of_judging_letters_flags_and_parts() -> None:
    with served(judging(JudgingState.NOT_JUDGED), part("scorer", "suspended"), part("api")) as (client, store):
        store.rows[STATUSES] = [{**RUNNING, "read_model": name} for name in ("dead_letters", "scoring")]
        store.rows[LETTERS] = [{"name": "open", "count": 3}]
        store.rows[FLAGS] = [{"name": "late", "count": 600}]
        said = client.get("/metrics").text.splitlines()
    for line in (
        "telltale_readings_judged 0.0",
        'telltale_unjudged_offsets{partition="3"} 40.0',
        "telltale_oldest_unjudged_seconds 25.0",
        'telltale_dead_letters{state="open"} 3.0',
        'telltale_readings_flagged{flag="late"} 600.0',
        'telltale_part_ready{part="scorer"} 0.0',
        'telltale_part_ready{part="api"} 1.0',
        'telltale_part_restarts{part="scorer"} 2.0',
        'telltale_part_memory_bytes{part="scorer"} 1000.0',
    ):
        assert line in said


def test_metrics_show_no_old_figure_of_a_log_that_cannot_be_asked() -> None:
    outlook = FakeJudgingOutlook(judging(JudgingState.JUDGED))
    store = FakeReadModelStore()
    with client_of(store, judging=outlook) as client:
        assert "telltale_readings_judged 1.0" in client.get("/metrics").text
        outlook.answer = None
        said = client.get("/metrics").text
    assert "telltale_readings_judged 0.0" in said
    assert "telltale_unjudged_offsets{" not in said
    assert "\ntelltale_oldest_unjudged_seconds NaN\n" in said
