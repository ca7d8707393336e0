"""A promotion is decided on all that the log says, appended once, and answered the same however often it is asked."""

import pytest

from commands.answers import CommandIdReused, RejectedBefore
from commands.event_log import WriterFenced
from commands.model_lines import ModelLines
from commands.promote_model import PromoteModelHandler, PromotionRefused
from commands.promote_model_route import champion_of
from commands.stamps import CommandStamp, stamp_of
from commands.write_side import WriteSide
from domain.appending import EventNotAppended
from domain.models import ModelPromoted
from domain.promotion import (
    ChampionChanged,
    ModelNotTrained,
    NothingToRollBackTo,
    PromoteModel,
    PromotionRejected,
    RollBackModel,
)
from domain.rejections import ChangedSince, ReasonMissing
from tests.comparisons import compared, trained
from tests.fakes.event_log import FakeEventLog, SharedLog


def a_log(*versions: int) -> SharedLog:
    shared = SharedLog()
    for version in versions:
        shared.put(trained(version))
    return shared


def a_handler(shared: SharedLog) -> PromoteModelHandler:
    lines = ModelLines()
    write_side = WriteSide(FakeEventLog(shared), [lines])
    write_side.open()
    return PromoteModelHandler(write_side, lines)


def promote(version: int, because: str = "better", *, force: bool = False) -> PromoteModel:
    return PromoteModel(name="pump", version=version, because=because, actor="ada", force=force)


def roll_back(champion: str | None = None) -> RollBackModel:
    return RollBackModel(name="pump", because="noisy", actor="ada", champion=champion)


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
        a_handler(shared).handle(promote(1, because=" "), stamp("two"))
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


def test_a_command_that_changed_nothing_changes_nothing_when_it_comes_again_after_somebody_elses() -> None:
    shared = a_log(1, 2, 3)
    handler = a_handler(shared)
    handler.handle(promote(2), stamp("first"))
    unchanged = handler.handle(promote(2), stamp("K1"))
    handler.handle(promote(3, force=True), stamp("somebody"))

    for service in (handler, a_handler(shared)):
        again = service.handle(promote(2), stamp("K1"))
        assert (again.records, again.standing, again.repeated) == ((), unchanged.standing, True)
    assert [str(one.event.model) for one in shared.records if isinstance(one.event, ModelPromoted)] == [
        "pump/2",
        "pump/3",
    ]


def test_a_refused_command_stays_refused_with_its_first_answer_also_after_a_restart() -> None:
    shared = a_log(1)
    handler = a_handler(shared)
    handler.handle(promote(1), stamp("first"))
    with pytest.raises(ModelNotTrained) as first:
        handler.handle(promote(2), stamp("K1"))
    shared.put(trained(2))

    for service in (handler, a_handler(shared)):
        with pytest.raises(RejectedBefore) as again:
            service.handle(promote(2), stamp("K1"))
        assert (again.value.rule, str(again.value)) == ("ModelNotTrained", str(first.value))
        assert again.value.standing == first.value.standing
    with pytest.raises(CommandIdReused):
        handler.handle(promote(2), stamp("K1", body="another"))


def test_an_id_that_nobody_can_send_again_leaves_no_answer_in_the_log() -> None:
    shared = a_log(1)
    handler = a_handler(shared)

    with pytest.raises(ModelNotTrained):
        handler.handle(promote(2), stamp_of(promote(2)))

    assert shared.answers == []


def test_a_rollback_that_names_the_champion_it_leaves_is_refused_when_somebody_replaced_it() -> None:
    shared = a_log(1, 2, 3)
    handler = a_handler(shared)
    for version in (1, 2, 3):
        handler.handle(promote(version, force=True), stamp(str(version)))

    with pytest.raises(ChampionChanged, match="pump/2 is not champion any more: ada put pump/3") as refused:
        handler.handle(roll_back("pump/2"), stamp("back"))

    assert refused.value.standing is not None
    assert (refused.value.standing.actor, refused.value.standing.position) == ("ada", shared.records[-1].position)
    (record,) = handler.handle(roll_back("pump/3"), stamp("back again")).records
    assert isinstance(record.event, ModelPromoted)
    assert str(record.event.model) == "pump/2"


def test_a_command_made_for_an_older_champion_is_refused() -> None:
    shared = a_log(1, 2)
    handler = a_handler(shared)
    (seen,) = handler.handle(promote(1), stamp("one")).records
    handler.handle(promote(2, force=True), stamp("two"), if_match=str(seen.position))

    with pytest.raises(ChangedSince, match=r"pump is not at model-events/0/2 any more but at model-events/0/3"):
        handler.handle(roll_back(), stamp("three"), if_match=str(seen.position))


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


def test_a_refusal_can_say_who_is_champion_since_when() -> None:
    handler = a_handler(a_log(1))
    assert champion_of(handler.lines.newest("pump")) == {}

    handler.handle(promote(1), stamp())

    champion = champion_of(handler.lines.newest("pump"))["champion"]
    assert isinstance(champion, dict)
    assert (champion["model"], champion["actor"], champion["because"]) == ("pump/1", "ada", "better")
