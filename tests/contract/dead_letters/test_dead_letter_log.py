"""One suite for the log of dead letters, over fake and Kafka alike."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from dependency_injector import providers

from commands.dead_letter_log import DeadLetterLog, DecisionNotAppended
from commands.define_profile import DefineProfile
from domain.dead_letters import (
    REDRIVEN_FROM,
    DeadLetterDiscarded,
    DeadLettered,
    DeadLetterRedriven,
    decisions_by_position,
)
from domain.positions import Position
from domain.readings import SensorReadingRecorded
from domain.topics import DEAD_LETTERS
from infra.kafka.client.clients import producer
from infra.kafka.decisions.dead_letter_log import KafkaDeadLetterLog
from infra.kafka.meaning.contracts import load_contracts
from infra.kafka.meaning.log_view import LogView
from infra.settings import Settings
from infra.wiring.container import Container
from schemas.codec import encode
from tests.builders import a_profile, a_reading
from tests.fakes.dead_letter_log import FakeDeadLetterLog


@dataclass
class World:
    """A log, a second hand on the same log, and a way for the scorer to put a dead letter into it."""

    log: DeadLetterLog
    other: DeadLetterLog
    put: Callable[[DeadLettered], None]
    settings: Settings | None = None


@pytest.fixture(params=["fake", pytest.param("kafka", marks=pytest.mark.timeout(120))])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "fake":
        log = FakeDeadLetterLog()
        yield World(log, log, log.put)
        return
    settings: Settings = request.getfixturevalue("stack_settings")
    contracts, bootstrap = load_contracts(settings.kafka_bootstrap), settings.kafka_bootstrap

    def put(letter: DeadLettered) -> None:
        client = producer(bootstrap)
        client.produce(DEAD_LETTERS, encode(letter, contracts), partition=Position.parse(letter.position).partition)
        assert client.flush(30) == 0

    define_profile(settings)
    one, other = (KafkaDeadLetterLog(bootstrap, contracts) for _ in range(2))
    yield World(one, other, put, settings)


def define_profile(settings: Settings) -> None:
    """Define the profile of the readings redriven here: nobody on this log can read past an unknown one."""
    intake = Container(settings=providers.Object(settings))
    intake.define_profile().handle(
        DefineProfile(name="redriven", channels=a_profile().channels, expected_interval_s=1.0)
    )


def a_redriven_reading() -> SensorReadingRecorded:
    return a_reading(machine_id=f"machine-{uuid4().hex[:8]}", profile="redriven@1")


def a_letter() -> DeadLettered:
    position = Position("sensor-events", 3, uuid4().int % 10**12)
    return DeadLettered(
        position=str(position), key=None, value=b"poison", headers=(), error="not_avro", message="no", stage="scorer"
    )


def test_a_letter_is_found_with_its_bytes_and_without_a_decision(world: World) -> None:
    letter = a_letter()
    world.put(letter)
    assert [one.letter for one in world.log.letters() if one.letter.position == letter.position] == [letter]
    assert letter.position not in world.log.decisions()


def test_a_redriven_record_and_the_decision_come_together_and_everybody_sees_them(world: World) -> None:
    letter, reading = a_letter(), a_redriven_reading()
    world.put(letter)
    world.log.open()
    decided = world.log.redrive(reading, position=Position.parse(letter.position), because="", actor="ada")
    assert world.other.decisions()[letter.position] == decided
    if world.settings is not None:
        record = LogView(world.settings.kafka_bootstrap, "sensor-events").at(Position.parse(decided.redriven_as))
        assert record is not None
        assert record.fields is not None
        assert record.fields["event_id"] == reading.event_id
        assert dict(record.headers) == {REDRIVEN_FROM: letter.position.encode()}


def test_a_discarded_letter_stays_discarded_for_everybody(world: World) -> None:
    letter = a_letter()
    world.put(letter)
    world.log.open()
    decision = DeadLetterDiscarded(position=letter.position, because="a test", actor="ada")
    world.log.discard(decision)
    assert world.other.decisions()[letter.position] == decision
    assert isinstance(decisions_by_position([decision])[letter.position], DeadLetterDiscarded)


def test_who_was_overtaken_decides_nothing(stack_settings: Settings) -> None:
    define_profile(stack_settings)
    contracts = load_contracts(stack_settings.kafka_bootstrap)
    slow, quick = (KafkaDeadLetterLog(stack_settings.kafka_bootstrap, contracts) for _ in range(2))
    position = Position("sensor-events", 3, uuid4().int % 10**12)
    slow.open()
    quick.open()
    with pytest.raises(DecisionNotAppended):
        slow.redrive(a_redriven_reading(), position=position, because="", actor="ada")
    assert str(position) not in quick.decisions()
    assert isinstance(
        quick.redrive(a_redriven_reading(), position=position, because="", actor="bob"), DeadLetterRedriven
    )
