import pytest

from commands.decide_on_dead_letter import (
    DeadLetterHandler,
    DiscardDeadLetter,
    RedriveDeadLetter,
    decisions_fold,
)
from commands.record_readings import OfferedReading
from commands.write_side import SHARED, WriteSide
from domain.appending import EventNotAppended
from domain.dead_letters import (
    AlreadyRedriven,
    DeadLettered,
    DeadLetterRedriven,
    NoSuchDeadLetter,
    StillNotAcceptable,
    decisions_by_position,
)
from domain.positions import Position
from domain.rejections import ReasonMissing
from domain.topics import SKIPS
from schemas.codec import encode
from tests.builders import NOON, a_profile, a_reading, published_contracts
from tests.fakes.dead_letters import FakeDeadLetters
from tests.fakes.event_log import FakeEventLog, SharedLog

PLACE = Position("sensor-events", 3, 17)
CONTRACTS = published_contracts()


def a_letter(value: bytes = b"poison") -> DeadLettered:
    return DeadLettered(
        position=str(PLACE), key=b"hall-a", value=value, headers=(), error="not_avro", message="no", stage="scorer"
    )


class Log(FakeDeadLetters):
    """Dead letters beside the topic of decisions on them."""

    def __init__(self) -> None:
        super().__init__()
        self.skips = SharedLog(SKIPS)

    def held(self) -> str:
        return decisions_by_position(record.event for record in self.skips.records)[str(PLACE)].because


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def handler(log: Log) -> DeadLetterHandler:
    decisions = decisions_fold()
    return DeadLetterHandler(
        write_side=WriteSide(FakeEventLog(log.skips), [decisions], takeovers=SHARED),
        decisions=decisions,
        letters=log,
        profiles=lambda: [a_profile()],
        contracts=CONTRACTS,
    )


def repaired(value: float = 21.5) -> OfferedReading:
    return OfferedReading(
        machine_id="hall-a",
        sensor_id="north",
        profile="environment",
        recorded_at=NOON,
        measurements={"temperature": value},
        source="repair",
    )


def redrive(repaired: OfferedReading | bytes | None = None, position: Position = PLACE) -> RedriveDeadLetter:
    return RedriveDeadLetter(position=position, repaired=repaired, because="", actor="ada")


def discard(because: str = "a test record") -> DiscardDeadLetter:
    return DiscardDeadLetter(position=PLACE, because=because, actor="ada")


def test_a_repaired_record_goes_into_the_log_once_however_often_it_is_asked_for(
    handler: DeadLetterHandler, log: Log
) -> None:
    log.put(a_letter())
    first, again = handler.redrive(redrive(repaired())), handler.redrive(redrive(repaired(30)))
    assert (first.repeated, again.repeated) == (False, True)
    assert first.decision == again.decision
    assert [reading.measurements for reading in log.skips.beside] == [{"temperature": 21.5}]


def test_a_record_that_would_be_refused_again_is_not_appended(handler: DeadLetterHandler, log: Log) -> None:
    log.put(a_letter())
    for tried in (None, b"\0poison", repaired(1e9)):
        with pytest.raises(StillNotAcceptable):
            handler.redrive(redrive(tried))
    assert log.skips.beside == []


def test_a_record_that_is_acceptable_by_now_is_redriven_as_it_is(handler: DeadLetterHandler, log: Log) -> None:
    log.put(a_letter(encode(a_reading(), CONTRACTS)))  # such as one that had a wrong key
    handler.redrive(redrive())
    assert log.skips.beside == [a_reading()]


def test_another_event_is_no_reading(handler: DeadLetterHandler, log: Log) -> None:
    log.put(a_letter(encode(a_profile(), CONTRACTS)))
    with pytest.raises(StillNotAcceptable, match="ProfileDefined"):
        handler.redrive(redrive())


def test_there_must_be_a_dead_letter_of_that_position(handler: DeadLetterHandler, log: Log) -> None:
    log.put(a_letter())
    with pytest.raises(NoSuchDeadLetter):
        handler.redrive(redrive(repaired(), Position("sensor-events", 3, 18)))


def test_discarding_needs_a_reason_and_is_written_once(handler: DeadLetterHandler, log: Log) -> None:
    log.put(a_letter())
    with pytest.raises(ReasonMissing):
        handler.discard(discard(" "))
    assert not handler.discard(discard()).repeated
    assert handler.discard(discard("another reason")).repeated
    assert log.held() == "a test record"


def test_what_was_discarded_can_be_redriven_and_what_was_redriven_cannot_be_discarded(
    handler: DeadLetterHandler, log: Log
) -> None:
    log.put(a_letter())
    handler.discard(discard())
    handler.redrive(redrive(repaired()))
    assert isinstance(log.skips.records[-1].event, DeadLetterRedriven)
    with pytest.raises(AlreadyRedriven, match="sensor-events/0/1001"):
        handler.discard(discard())


def test_a_log_that_takes_nothing_is_told(handler: DeadLetterHandler, log: Log) -> None:
    log.put(a_letter())
    log.skips.reachable = False
    with pytest.raises(EventNotAppended):
        handler.redrive(redrive(repaired()))
