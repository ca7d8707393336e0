"""As of T: the API over the whole log answers as over the log cut at T, whatever came later.

Two judges. The API over a database that was built from the cut log alone, route by route, to the byte; and a slow
fold of the cut log that shares no SQL with it. In both logs the broker's clock steps back.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from infra.host.embedded.postgres import PostgresService
from projections.folder import folder_names, load_folder
from query_api.routes import readings, scores
from tests.builders import NOON
from tests.fakes.projections import FakeLog
from tests.integration.projections.random_log import PROFILES, random_log
from tests.integration.query_api.a_plant import PROFILE, a_plant
from tests.integration.query_api.conftest import Plant, a_database, client_of
from tests.integration.query_api.cut_log import Fold, cut, last_known_at


def stepping_back(second: float) -> float:
    """Return a clock that steps back 50 s at second 100 and so shows the same minute twice."""
    return second if second < 100 else second - 50


LOGS: dict[str, tuple[Callable[[], FakeLog], Any]] = {
    "a plant": (lambda: a_plant(stepping_back), (PROFILE,)),
    "a random log": (lambda: random_log(7), PROFILES),
}
MOMENTS = {
    "a plant": (-1, 58.4, 60.6, 99.5, 100.0, 104.55, 500),
    "a random log": (2, 33.25, 61, 150.7, 399, 3600),
}
CASES = [(name, second) for name in LOGS for second in MOMENTS[name]]


@dataclass(frozen=True)
class Judged:
    """One moment: the API over the whole log, asked as of it; the API over the cut log; the slow fold."""

    moment: datetime
    then: TestClient
    judge: TestClient
    fold: Fold

    def same(self, route: str, **asked: Any) -> Any:
        """Ask both, demand the same answer (of refusals: the same status), and return the body."""
        answered = self.then.get(route, params={**asked, "as_of": self.moment.isoformat()})
        expected = self.judge.get(route, params=asked)
        assert answered.status_code == expected.status_code, route
        assert answered.is_error or alike(answered.json(), expected.json()), route
        return answered.json()


@pytest.fixture(scope="session")
def whole(postgres: PostgresService) -> dict[str, Plant]:
    """Return a plant per log with all of it, asked an hour and a half later."""
    made = {}
    for place, (name, (log, profiles)) in enumerate(LOGS.items()):
        made[name] = Plant(log(), a_database(postgres, f"whole_{place}"), profiles)
        made[name].now = NOON + timedelta(hours=1.5)
        made[name].project()
    return made


@pytest.fixture(scope="session", params=CASES, ids=[f"{name} at {second} s" for name, second in CASES])
def judged(request: pytest.FixtureRequest, whole: dict[str, Plant], postgres: PostgresService) -> Iterator[Judged]:
    """Yield each moment of each log."""
    name, second = request.param
    moment = NOON + timedelta(seconds=second)
    plant = whole[name]
    kept = cut(plant.log, moment)
    database = f"cut_{list(LOGS).index(name)}_{round(second * 1000) + 1000}"
    built = Plant(kept, a_database(postgres, database), plant.profiles)
    built.project()
    built.now = moment
    with ExitStack() as stack:
        clients = [stack.enter_context(client_of(one, postgres)) for one in (plant, built)]
        yield Judged(moment, clients[0], clients[1], Fold.of(kept, plant.profiles))


def test_lists_hold_what_was_known_then(judged: Judged) -> None:
    for route in (
        "/machines",
        "/sensors",
        "/verdicts",
        "/anomalies",
        "/anomalies/latest",
        "/models",
        "/contracts",
        "/dead-letters",
    ):
        judged.same(route, limit=1000)
    judged.same("/profiles")
    judged.same("/events/latest", limit=1000)
    judged.same("/events/latest", limit=3)
    judged.same("/events/latest", limit=3, sensor_id="north")
    first = judged.same("/verdicts", limit=4)
    if first["next_cursor"]:
        judged.same("/verdicts", limit=4, cursor=first["next_cursor"])


def test_one_sensor_is_as_it_was_then(judged: Judged) -> None:
    for machine, sensor in {*judged.fold.sensors, ("nowhere", "north")}:
        judged.same(f"/sensors/{sensor}", machine_id=machine)


@pytest.mark.parametrize("points", [5000, 10])
def test_a_series_is_that_of_then(judged: Judged, points: int) -> None:
    for machine, sensor in judged.fold.sensors:
        judged.same(f"/sensors/{sensor}/readings", machine_id=machine, points=points)
        around = {"from": NOON.isoformat(), "to": (NOON + timedelta(seconds=777)).isoformat()}
        judged.same(f"/sensors/{sensor}/readings", machine_id=machine, points=points, **around)


def test_a_long_series_of_minutes_is_that_of_then(judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "MOST_RAW_READINGS", 2)
    monkeypatch.setattr(scores, "MOST_SLOTS", 3)
    for machine, sensor in judged.fold.sensors:
        judged.same(f"/sensors/{sensor}/readings", machine_id=machine, points=10)


def test_the_swimlane_is_that_of_then(judged: Judged) -> None:
    assert judged.same("/swimlane")["lanes"] or not judged.fold.sensors
    judged.same("/swimlane", by="sensor", bucket=60)
    judged.same("/swimlane", machine_id="machine-3", profile="pump@1", by="sensor")


def test_explanations_are_those_of_then(judged: Judged) -> None:
    for verdict in judged.judge.get("/verdicts", params={"limit": 1000}).json()["items"]:
        judged.same(f"/anomalies/{verdict['event_id']}")
        judged.same(f"/anomalies/{verdict['event_id']}/explanation")
    later = judged.then.get("/verdicts", params={"limit": 1000}).json()["items"]
    for verdict in later[:3]:
        judged.same(f"/anomalies/{verdict['event_id']}/explanation")


def test_champions_are_those_of_then(judged: Judged) -> None:
    for line in ("environment", "pump", "fan"):
        judged.same(f"/models/{line}/timeline")


def test_every_table_that_can_be_asked_holds_the_rows_of_then(judged: Judged) -> None:
    asked = set()
    for read_model in folder_names():
        for table in load_folder(read_model).keys:
            route = f"/read-models/{read_model}/{table}"
            answered = judged.then.get(route, params={"as_of": judged.moment.isoformat(), "limit": "1000"})
            if answered.status_code == 422:
                assert f"table {table} has no column known_at" in answered.json()["detail"]
                continue
            asked.add(table)
            judged.same(route, limit=1000)
    assert asked >= {"readings", "anomalies", "ledger", "champions", "model_versions", "contracts", "profiles"}


def test_sensors_are_those_of_a_slow_fold(judged: Judged) -> None:
    as_of = {"as_of": judged.moment.isoformat(), "limit": "1000"}
    answered = judged.then.get("/sensors", params=as_of).json()["items"]
    assert [(one["machine_id"], one["sensor_id"]) for one in answered] == sorted(judged.fold.sensors)
    for one in answered:
        seen = judged.fold.sensors[one["machine_id"], one["sensor_id"]]
        assert one["readings"] == seen.readings
        assert one["last_position"] == seen.newest_position
        assert moment(one["last_known_at"]) == last_known_at(seen)
        assert seen.newest is not None
        assert (moment(one["first_recorded_at"]), moment(one["last_recorded_at"])) == (
            min(seen.recorded),
            seen.newest[1],
        )
        is_silent = judged.moment - last_known_at(seen) > timedelta(seconds=20)
        assert (one["state"] == "silent") is is_silent


def test_verdicts_and_models_are_those_of_a_slow_fold(judged: Judged) -> None:
    as_of = {"as_of": judged.moment.isoformat(), "limit": "1000"}
    verdicts = judged.then.get("/verdicts", params=as_of).json()["items"]
    assert {verdict["position"] for verdict in verdicts} == judged.fold.verdicts
    models = judged.then.get("/models", params=as_of).json()["items"]
    assert {model["model"] for model in models} == set(judged.fold.versions)
    champions = {model["name"]: model["model"] for model in models if model["champion"]}
    trained = {name: model for name, model in judged.fold.champions.items() if model in judged.fold.versions}
    assert champions == trained


def test_a_swimlane_is_that_of_a_slow_fold(judged: Judged) -> None:
    asked = {"as_of": judged.moment.isoformat(), "bucket": "60", "from": NOON.isoformat()}
    lane = judged.then.get("/swimlane", params={**asked, "to": (NOON + timedelta(minutes=16)).isoformat()}).json()
    found = sum(sum(one["anomalies"]) for one in lane["lanes"])
    for one in lane["lanes"]:
        for place, text in enumerate(lane["buckets"]):
            at = moment(text)
            judged_scores = judged.fold.scored.get((one["machine_id"], at), [])
            measured = judged.fold.readings_of(one["machine_id"], at)
            # In the random log verdicts name readings that are not there.
            assert one["readings"][place] == max(measured, len(judged_scores))
            assert one["anomalies"][place] == len(judged_scores)
            assert one["scores"][place] == max(judged_scores, default=None)
    assert found == sum(map(len, judged.fold.scored.values()))
    assert {one["machine_id"] for one in lane["lanes"]} == {
        machine for machine, _ in (*judged.fold.measured, *judged.fold.scored)
    }


def alike(one: Any, other: Any) -> bool:
    """Return whether two answers are equal; means of floats may differ in their last digit, as sums have no order."""
    match one, other:
        case dict(), dict():
            return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
        case list(), list():
            return len(one) == len(other) and all(map(alike, one, other))
        case float(), float():
            return math.isclose(one, other, rel_tol=1e-12)
        case _:
            return bool(one == other)


def moment(text: str) -> datetime:
    """Return the moment of an answer."""
    return datetime.fromisoformat(text)
