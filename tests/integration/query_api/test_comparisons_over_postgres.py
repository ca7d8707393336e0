"""Comparisons, refusals and grounds of promotions: from model-events through the read model to the API's answers."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.comparison import ComparedRange, budget_checks
from domain.models import ModelPromoted
from domain.promotion import PromotionRejected
from infra.host.embedded.postgres import PostgresService
from tests.builders import NOON, a_profile
from tests.comparisons import compared, numbers, ref, trained
from tests.fakes.projections import FakeLog
from tests.integration.query_api.conftest import Plant, a_database, client_of

REPORT = json.dumps({"form": 1, "decisions": {"gained": 3, "lost": 1}}, sort_keys=True)


def a_line() -> FakeLog:
    """Return a log of one line: 0–1 trained, 2 promoted, 3 refused, 4 compared, 5 refused, 6 forced, 7 rolled back."""
    log = FakeLog()
    broken = numbers(lost_labelled_faults=1)
    history = (ComparedRange(partition=3, from_offset=5, next_offset=900),)
    first = replace(
        compared(1, 2, comparison_id="c-1", lost_labelled_faults=1),
        report=REPORT,
        ranges=history,
        recorded_from=NOON,
    )
    refused = PromotionRejected(
        model=ref(2), against=ref(1), comparison_id=None, numbers=None, checks=(), because="newer", actor="ada"
    )
    promoted = ModelPromoted(model=ref(1), replaces=None, because="first", actor="ada", forced=False)
    for event in (
        trained(1),
        trained(2),
        promoted,
        refused,
        first,
        replace(refused, comparison_id="c-1", numbers=broken, checks=budget_checks(broken), because="again"),
        ModelPromoted(model=ref(2), replaces=ref(1), because="I know", actor="bo", forced=True, comparison_id="c-1"),
        ModelPromoted(model=ref(1), replaces=ref(2), because="noisy", actor="ada", forced=False, rollback=True),
        replace(first, comparison_id="c-2", numbers=numbers(), recorded_from=None),
    ):
        log.append(event, topic="model-events", key="pump")
    return log


def at(second: int) -> str:
    return (NOON + timedelta(seconds=second)).isoformat()


@pytest.fixture(scope="module")
def line(postgres: PostgresService) -> Plant:
    plant = Plant(a_line(), a_database(postgres, "a_line_of_models"), profiles=(a_profile("pump"),))
    plant.project("models", "scoring", "comparisons")
    return plant


@pytest.fixture
def client(line: Plant, postgres: PostgresService) -> Iterator[TestClient]:
    with client_of(line, postgres) as opened:
        yield opened


def diff(client: TestClient, **asked: str) -> Any:
    return client.get("/models/pump/diff", params={"a": "pump/1", "b": "pump/2", **asked})


def test_the_newest_comparison_of_two_versions_is_served_with_its_budgets(client: TestClient) -> None:
    body = diff(client).json()

    assert (body["comparison_id"], body["a"], body["b"], body["position"]) == (
        "c-2",
        "pump/1",
        "pump/2",
        "model-events/0/8",
    )
    assert body["within_budgets"]
    assert body["ranges"] == [{"partition": 3, "from_offset": 5, "next_offset": 900}]
    assert body["report"]["decisions"]["gained"] == 3
    assert diff(client, a="1", b="2").json() == body
    assert client.get("/models/pump@1/diff", params={"a": "1", "b": "2"}).json() == body


def test_as_of_an_earlier_time_the_comparison_is_the_one_known_then(client: TestClient) -> None:
    body = diff(client, as_of=at(7)).json()

    assert (body["comparison_id"], body["within_budgets"], body["recorded_from"]) == (
        "c-1",
        False,
        "2026-03-09T12:00:00Z",
    )
    assert [check["budget"] for check in body["checks"] if not check["kept"]] == ["lost_labelled_faults"]
    assert diff(client, as_of=at(3)).status_code == 404


def test_two_that_were_never_compared_are_404_with_the_command(client: TestClient) -> None:
    answer = diff(client, a="pump/2", b="pump/1")

    assert answer.status_code == 404
    assert "telltale models diff pump/2 pump/1" in answer.json()["detail"]


@pytest.mark.parametrize("version", ["fan/1", "one", "pump/"])
def test_what_is_no_version_of_the_line_is_refused(client: TestClient, version: str) -> None:
    assert diff(client, a=version).status_code == 422


def test_the_timeline_says_on_what_grounds_and_what_was_refused(client: TestClient) -> None:
    body = client.get("/models/pump/timeline").json()

    reigns = [
        (one["model"], one["replaces"], one["forced"], one["rollback"], one["comparison_id"], one["because"])
        for one in body["reigns"]
    ]
    assert reigns == [
        ("pump/1", None, False, False, None, "first"),
        ("pump/2", "pump/1", True, False, "c-1", "I know"),
        ("pump/1", "pump/2", False, True, None, "noisy"),
    ]
    assert [(one["because"], one["comparison_id"]) for one in body["rejections"]] == [("newer", None), ("again", "c-1")]
    assert [check["kept"] for check in body["rejections"][1]["checks"]] == [True, True, True, True, False]
    assert [(one["comparison_id"], one["within_budgets"]) for one in body["comparisons"]] == [
        ("c-1", False),
        ("c-2", True),
    ]


@pytest.mark.parametrize(
    ("second", "champion", "rejections", "comparisons"),
    [(2, "pump/1", 0, 0), (5, "pump/1", 2, 1), (6, "pump/2", 2, 1), (7, "pump/1", 2, 1)],
)
def test_who_was_champion_at_any_moment(
    client: TestClient, *, second: int, champion: str, rejections: int, comparisons: int
) -> None:
    body = client.get("/models/pump/timeline", params={"as_of": at(second)}).json()

    assert body["reigns"][-1]["model"] == champion
    assert body["reigns"][-1]["ends_at"] is None
    assert (len(body["rejections"]), len(body["comparisons"])) == (rejections, comparisons)
