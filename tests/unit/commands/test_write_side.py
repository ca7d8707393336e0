"""What a writer does that is shut out, or that does not know whether the log took its events."""

import pytest

from commands.aggregates import Aggregates
from commands.event_log import WriterFenced
from commands.stamps import CommandStamp, stamp_of
from commands.write_side import HELD, SHARED, WriteSide
from domain.appending import EventNotAppended
from domain.promotion import PromoteModel
from tests.fakes.event_log import FakeEventLog, SharedLog
from tests.unit.commands.toy_domain import BellRung, RingBell, evolve
from tests.unit.commands.toy_handler import RingBellHandler

RING = RingBell(tower="north", strokes=3, actor="ada")


def a_handler(shared: SharedLog, takeovers: int) -> RingBellHandler:
    bells: Aggregates[BellRung | None, BellRung] = Aggregates(
        first=None, key_of=lambda event: event.tower, evolve=lambda bell, record: evolve(bell, record.event)
    )
    return RingBellHandler(WriteSide(FakeEventLog(shared), [bells], takeovers=takeovers), bells)


def test_a_shared_writer_in_doubt_finds_its_own_event_and_appends_no_second_one() -> None:
    shared = SharedLog(loses_answers=1)

    answer = a_handler(shared, SHARED).handle(RING, None)

    assert answer.is_new
    assert answer.records == tuple(shared.records)


def test_a_writer_that_holds_its_name_ends_in_doubt_and_the_next_one_has_the_answer() -> None:
    shared = SharedLog(loses_answers=1)
    with pytest.raises(WriterFenced):
        a_handler(shared, HELD).handle(RING, "k")

    answer = a_handler(shared, HELD).handle(RING, "k")

    assert answer.repeated
    assert answer.records == tuple(shared.records)


def test_a_shared_writer_that_is_shut_out_again_and_again_gives_up() -> None:
    class Contested(FakeEventLog):
        def open(self) -> None:
            """Be shut out at once."""

    bells: Aggregates[BellRung | None, BellRung] = Aggregates(
        first=None, key_of=lambda event: event.tower, evolve=lambda bell, record: evolve(bell, record.event)
    )
    shared = SharedLog()
    handler = RingBellHandler(WriteSide(Contested(shared), [bells], takeovers=SHARED), bells)

    with pytest.raises(EventNotAppended, match="RingBell on north"):
        handler.handle(RING, None)
    assert shared.records == []


def test_the_hash_of_what_a_command_asks_for_is_that_of_commands_in_logs_already() -> None:
    command = PromoteModel(name="pump", version=2, because="better", actor="ada")

    assert stamp_of(command, "k") == CommandStamp(
        command_id="k", body_sha256="7a7d55ffa0c82be2c3b5a055b9288d3412d25717c7b2ecdfbcfb607d9e72e80e"
    )
    assert stamp_of(command, "k", if_match="model-events/0/2") != stamp_of(command, "k")
