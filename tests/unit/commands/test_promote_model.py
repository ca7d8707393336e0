"""A promotion is decided on all that the log says, appended once, and answered the same however often it is asked."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from commands.desk import CommandDesk, CommandIdReused
from commands.event_log import CommandStamp, EventNotAppended, WriterFenced
from commands.model_lines import ModelLines
from commands.promote_model import PromoteModelHandler
from commands.promote_model_route import champion_of, promote_routes
from domain.models import ModelNotTrained, ModelPromoted, ModelRef, ModelTrained, PromoteModel, ReasonMissing
from tests.builders import NOON
from tests.fake_models import FakeEventLog, SharedModelEvents


def trained(version: int, *, name: str = "pump") -> ModelTrained:
    model = ModelRef(profile=f"{name}@1", name=name, version=version, artifact_sha256=f"{version:064x}")
    return ModelTrained(
        model=model,
        detectors=("isolation_forest",),
        manifest="{}",
        manifest_sha256="",
        rows=400,
        metrics={"threshold": 0.6},
        parameters={},
    )


def a_log(*versions: int) -> SharedModelEvents:
    shared = SharedModelEvents()
    for version in versions:
        shared.put(trained(version))
    return shared


def a_handler(shared: SharedModelEvents) -> PromoteModelHandler:
    lines = ModelLines()
    desk = CommandDesk(FakeEventLog(shared), [lines])
    desk.open()
    return PromoteModelHandler(desk, lines)


def promote(version: int, because: str = "better") -> PromoteModel:
    return PromoteModel(name="pump", version=version, because=because, actor="ada")


def stamp(command_id: str = "one", body: str = "") -> CommandStamp:
    return CommandStamp(command_id=command_id, body_sha256=body)


def test_a_trained_version_becomes_champion() -> None:
    shared = a_log(1, 2)

    answer = a_handler(shared).handle(promote(2), stamp())

    (record,) = answer.records
    assert isinstance(record.event, ModelPromoted)
    assert (str(record.event.model), record.event.replaces, record.event.actor) == ("pump/2", None, "ada")
    assert shared.records[-1] == record
    assert record.stamp == stamp()


def test_a_version_trained_after_the_service_started_can_be_promoted() -> None:
    shared = a_log(1)
    handler = a_handler(shared)
    shared.put(trained(2))

    (record,) = handler.handle(promote(2), stamp()).records

    assert str(record.event.model) == "pump/2"


def test_a_version_that_was_never_trained_is_refused_and_nothing_is_appended() -> None:
    shared = a_log(1)

    with pytest.raises(ModelNotTrained, match="pump/7 was never trained; trained are: pump/1"):
        a_handler(shared).handle(promote(7), stamp())
    with pytest.raises(ReasonMissing):
        a_handler(shared).handle(promote(1, because=" "), stamp())
    assert len(shared.records) == 1


def test_the_same_command_twice_is_one_event_and_one_answer() -> None:
    shared = a_log(1)
    handler = a_handler(shared)

    first = handler.handle(promote(1), stamp())
    again = handler.handle(promote(1), stamp())

    assert again.records == first.records
    assert again.repeated
    assert len(shared.records) == 2


def test_a_service_started_anew_gives_the_first_answer_too() -> None:
    shared = a_log(1, 2)
    first = a_handler(shared).handle(promote(1), stamp())
    a_handler(shared).handle(promote(2), stamp("two"))

    again = a_handler(shared).handle(promote(1), stamp())

    assert again.records == first.records
    assert len(shared.records) == 4


def test_the_same_id_with_another_wish_is_refused() -> None:
    handler = a_handler(a_log(1, 2))
    handler.handle(promote(1), stamp(body="a"))

    with pytest.raises(CommandIdReused, match="'one'"):
        handler.handle(promote(2), stamp(body="b"))


def test_promoting_the_champion_changes_nothing() -> None:
    shared = a_log(1)
    handler = a_handler(shared)
    handler.handle(promote(1), stamp("one"))

    assert handler.handle(promote(1), stamp("two")).records == ()
    assert len(shared.records) == 2


def test_a_second_service_shuts_the_first_out() -> None:
    shared = a_log(1)
    first = a_handler(shared)
    second = a_handler(shared)

    with pytest.raises(WriterFenced):
        first.handle(promote(1), stamp())
    assert second.handle(promote(1), stamp()).records


def test_a_log_that_does_not_answer_refuses_and_the_same_command_later_succeeds() -> None:
    shared = a_log(1)
    handler = a_handler(shared)
    shared.reachable = False
    with pytest.raises(EventNotAppended):
        handler.handle(promote(1), stamp())

    shared.reachable = True
    assert handler.handle(promote(1), stamp()).records


@pytest.fixture
def shared() -> SharedModelEvents:
    return a_log(1, 2)


@pytest.fixture
def client(shared: SharedModelEvents) -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(promote_routes(a_handler(shared), actor=lambda: "ada"))
    with TestClient(app) as opened:
        yield opened


def test_over_http_a_promotion_is_created_with_its_position(client: TestClient, shared: SharedModelEvents) -> None:
    response = client.post("/models/pump/promote", json={"version": 2, "because": "better"})

    assert response.status_code == 201
    assert response.json() == {
        "model": "pump/2",
        "replaces": None,
        "because": "better",
        "actor": "ada",
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


@pytest.mark.parametrize(
    "wish", [{}, {"version": 1}, {"version": 0, "because": "x"}, {"version": 1, "because": ""}, {"version": "one"}]
)
def test_over_http_a_wish_without_version_or_reason_is_refused(client: TestClient, wish: dict[str, object]) -> None:
    assert client.post("/models/pump/promote", json=wish).status_code == 422


def test_a_refusal_can_say_who_is_champion_since_when() -> None:
    handler = a_handler(a_log(1))
    assert champion_of(handler, "pump") == {}

    handler.handle(promote(1), stamp())

    champion = champion_of(handler, "pump")["champion"]
    assert isinstance(champion, dict)
    assert (champion["model"], champion["actor"], champion["because"]) == ("pump/1", "ada", "better")
