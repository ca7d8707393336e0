"""A promotion is decided on all that the log says, appended once, and answered the same however often it is asked."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from commands.desk import CommandDesk, CommandIdReused
from commands.event_log import CommandStamp, EventNotAppended, WriterFenced
from commands.model_lines import ModelLines
from commands.promote_model import PromoteModelHandler, PromotionRefused
from commands.promote_model_route import champion_of
from commands.record_readings import RecordReadingsHandler
from domain.models import ModelPromoted
from domain.promotion import (
    ModelNotTrained,
    NothingToRollBackTo,
    PromoteModel,
    PromotionRejected,
    ReasonMissing,
    RollBackModel,
)
from infra.http.command_service import command_service
from infra.http.keys import KeyGuard
from tests.builders import NOON
from tests.comparisons import compared, trained
from tests.fakes.intake import FakeProfiles, FakeReadingLog
from tests.fakes.models import FakeEventLog, SharedModelEvents


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


def promote(version: int, because: str = "better", *, force: bool = False) -> PromoteModel:
    return PromoteModel(name="pump", version=version, because=because, actor="ada", force=force)


def roll_back() -> RollBackModel:
    return RollBackModel(name="pump", because="noisy", actor="ada")


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

    assert isinstance(record.event, ModelPromoted)
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
    a_handler(shared).handle(promote(2, force=True), stamp("two"))

    again = a_handler(shared).handle(promote(1), stamp())

    assert again.records == first.records
    assert len(shared.records) == 4


def test_the_same_id_with_another_wish_is_refused() -> None:
    handler = a_handler(a_log(1, 2))
    handler.handle(promote(1), stamp(body="a"))

    with pytest.raises(CommandIdReused, match="'one'"):
        handler.handle(promote(2), stamp(body="b"))


def test_a_refusal_by_the_gate_is_one_event_and_refuses_the_same_command_again() -> None:
    shared = a_log(1, 2)
    handler = a_handler(shared)
    handler.handle(promote(1), stamp("one"))

    refusals = []
    for started_anew in (False, False, True):
        service = a_handler(shared) if started_anew else handler
        with pytest.raises(PromotionRefused, match="telltale models diff pump/1 pump/2") as refused:
            service.handle(promote(2), stamp("two"))
        refusals.append(refused.value)

    assert isinstance(shared.records[-1].event, PromotionRejected)
    assert len(shared.records) == 4
    assert {one.record.position for one in refusals} == {shared.records[-1].position}


def test_a_refused_command_stays_refused_when_the_gate_would_open_and_a_new_one_passes() -> None:
    shared = a_log(1, 2)
    handler = a_handler(shared)
    handler.handle(promote(1), stamp("one"))
    with pytest.raises(PromotionRefused):
        handler.handle(promote(2), stamp("two"))
    shared.put(compared(1, 2))

    with pytest.raises(PromotionRefused):
        handler.handle(promote(2), stamp("two"))
    (record,) = handler.handle(promote(2), stamp("three")).records

    assert isinstance(record.event, ModelPromoted)
    assert record.event.comparison_id == "found"


def test_a_refusal_names_every_broken_budget_with_its_number_and_limit() -> None:
    shared = a_log(1, 2)
    handler = a_handler(shared)
    handler.handle(promote(1), stamp("one"))
    shared.put(compared(1, 2, lost_labelled_faults=2, healthy_readings=30))

    with pytest.raises(PromotionRefused) as refused:
        handler.handle(promote(2), stamp("two"))

    assert "healthy_readings is 30, allowed at least 50" in str(refused.value)
    assert "lost_labelled_faults is 2, allowed at most 0" in str(refused.value)
    assert "changed_healthy_share" not in str(refused.value)


def test_a_rollback_puts_the_champion_before_in_force_once() -> None:
    shared = a_log(1, 2)
    handler = a_handler(shared)
    handler.handle(promote(1), stamp("one"))
    handler.handle(promote(2, force=True), stamp("two"))

    first = handler.handle(roll_back(), stamp("three"))
    again = handler.handle(roll_back(), stamp("three"))

    assert again.records == first.records
    (record,) = first.records
    assert isinstance(record.event, ModelPromoted)
    assert (str(record.event.model), record.event.rollback) == ("pump/1", True)
    with pytest.raises(NothingToRollBackTo):
        handler.handle(roll_back(), stamp("four"))


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
    service = command_service(
        record_readings=RecordReadingsHandler(log=FakeReadingLog(), profiles=FakeProfiles()),
        promote_model=a_handler(shared),
        guard=KeyGuard(()),
        version="test",
        end=lambda: None,
    )
    with TestClient(service) as opened:
        yield opened


def test_over_http_a_promotion_is_created_with_its_position(client: TestClient, shared: SharedModelEvents) -> None:
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
    client: TestClient, shared: SharedModelEvents
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
