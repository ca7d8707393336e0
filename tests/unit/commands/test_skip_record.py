"""A record is passed over once, with a reason, and only if it is there."""

import pytest

from commands.skip_record import SkipRecordHandler, skips_fold
from commands.write_side import SHARED, WriteSide
from domain.dead_letters import DeadLetterDiscarded
from domain.positions import Position
from domain.rejections import ReasonMissing
from domain.skips import NoSuchPartition, NoSuchRecord, SkipRecord
from domain.topics import SKIPS
from tests.fakes.event_log import FakeEventLog, SharedLog

PLACE = Position("sensor-events", 3, 17)


@pytest.fixture
def log() -> SharedLog:
    return SharedLog(SKIPS)


def a_handler(log: SharedLog, end: int | None = 18) -> SkipRecordHandler:
    skips = skips_fold()
    return SkipRecordHandler(WriteSide(FakeEventLog(log), [skips], takeovers=SHARED), skips, lambda _position: end)


def skip(because: str = "a broken import") -> SkipRecord:
    return SkipRecord(position=PLACE, because=because, actor="ada")


def test_a_record_is_passed_over_once_and_the_first_reason_stays(log: SharedLog) -> None:
    log.put(DeadLetterDiscarded(position=str(PLACE), because="another matter", actor="eva"))

    first, again = a_handler(log).handle(skip()), a_handler(log).handle(skip("another reason"))

    assert (first.repeated, again.repeated) == (False, True)
    assert first.decision == again.decision
    assert (str(first.position), again.position) == ("skips/0/1", first.position)


@pytest.mark.parametrize(
    ("end", "because", "rule"), [(17, "x", NoSuchRecord), (None, "x", NoSuchPartition), (18, " ", ReasonMissing)]
)
def test_a_record_that_is_not_there_or_a_blank_reason_is_refused(
    log: SharedLog, end: int | None, because: str, rule: type[Exception]
) -> None:
    with pytest.raises(rule):
        a_handler(log, end).handle(skip(because))
    assert log.records == []
