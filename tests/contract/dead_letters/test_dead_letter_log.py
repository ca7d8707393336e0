"""Decisions on dead letters, over fake and Kafka alike."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from dependency_injector import providers

from commands.decide_on_dead_letter import DeadLetterHandler, DiscardDeadLetter, RedriveDeadLetter, decisions_fold
from commands.define_profile import DefineProfile
from commands.write_side import SHARED, WriteSide
from domain.dead_letters import REDRIVEN_FROM, DeadLettered, DeadLetterRedriven
from domain.positions import Position
from domain.topics import DEAD_LETTERS, SKIPS
from infra.kafka.client.clients import producer
from infra.kafka.meaning.contracts import load_contracts
from infra.kafka.meaning.log_view import LogView
from infra.settings import Settings
from infra.wiring.container import Container
from schemas.codec import encode
from tests.builders import a_profile, a_reading, published_contracts
from tests.fakes.dead_letters import FakeDeadLetters
from tests.fakes.event_log import FakeEventLog, SharedLog

PROFILE = "redriven"


@dataclass
class World:
    """A way for the scorer to put a dead letter into a log, and two processes that decide there."""

    handlers: tuple[DeadLetterHandler, DeadLetterHandler]
    put: Callable[[DeadLettered], None]
    value: bytes
    settings: Settings | None = None


@pytest.fixture(params=["fake", pytest.param("kafka", marks=pytest.mark.timeout(120))])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    reading = a_reading(machine_id=f"machine-{uuid4().hex[:8]}", profile=f"{PROFILE}@1")
    if request.param == "fake":
        letters, shared = FakeDeadLetters(), SharedLog(SKIPS)
        handlers = (a_handler(letters, shared), a_handler(letters, shared))
        yield World(handlers, letters.put, encode(reading, published_contracts()))
        return
    settings: Settings = request.getfixturevalue("stack_settings")
    contracts, bootstrap = load_contracts(settings.kafka_bootstrap), settings.kafka_bootstrap

    def put(letter: DeadLettered) -> None:
        client = producer(bootstrap)
        client.produce(DEAD_LETTERS, encode(letter, contracts), partition=Position.parse(letter.position).partition)
        assert client.flush(30) == 0

    one, other = (Container(settings=providers.Object(settings)) for _ in range(2))
    # Nobody on this log can read past a reading of an unknown profile.
    one.define_profile().handle(DefineProfile(name=PROFILE, channels=a_profile().channels, expected_interval_s=1.0))
    yield World((one.dead_letter_handler(), other.dead_letter_handler()), put, encode(reading, contracts), settings)


def a_handler(letters: FakeDeadLetters, shared: SharedLog) -> DeadLetterHandler:
    decisions = decisions_fold()
    return DeadLetterHandler(
        write_side=WriteSide(FakeEventLog(shared), [decisions], takeovers=SHARED),
        decisions=decisions,
        letters=letters,
        profiles=lambda: [a_profile(PROFILE)],
        contracts=published_contracts(),
    )


def a_letter(world: World) -> DeadLettered:
    position = Position("sensor-events", 3, uuid4().int % 10**12)
    letter = DeadLettered(
        position=str(position),
        key=None,
        value=world.value,
        headers=(),
        error="not_avro",
        message="no",
        stage="scorer",
    )
    world.put(letter)
    return letter


def redrive(letter: DeadLettered) -> RedriveDeadLetter:
    return RedriveDeadLetter(position=Position.parse(letter.position), repaired=None, because="", actor="ada")


def discard(letter: DeadLettered) -> DiscardDeadLetter:
    return DiscardDeadLetter(position=Position.parse(letter.position), because="a test", actor="ada")


def test_a_letter_is_found_with_its_bytes(world: World) -> None:
    letter = a_letter(world)

    letters = world.handlers[1].letters.letters()

    assert [one.letter for one in letters if one.letter.position == letter.position] == [letter]


def test_a_redriven_record_and_the_decision_come_together_and_every_process_finds_them(world: World) -> None:
    letter = a_letter(world)

    first, again = (handler.redrive(redrive(letter)) for handler in world.handlers)

    assert first.decision == again.decision
    assert (first.repeated, again.repeated) == (False, True)
    assert isinstance(first.decision, DeadLetterRedriven)
    if world.settings is not None:
        redriven_as = Position.parse(first.decision.redriven_as)
        record = LogView(world.settings.kafka_bootstrap, "sensor-events").at(redriven_as)
        assert record is not None
        assert record.value == world.value
        assert dict(record.headers) == {REDRIVEN_FROM: letter.position.encode()}


def test_a_discarded_letter_stays_discarded_for_every_process(world: World) -> None:
    letter = a_letter(world)

    first, again = (handler.discard(discard(letter)) for handler in world.handlers)

    assert first.decision == again.decision
    assert (first.repeated, again.repeated) == (False, True)


def test_processes_that_decide_in_turns_shut_each_other_out_and_still_decide(world: World) -> None:
    letters = [a_letter(world) for _ in range(4)]

    for turn, letter in enumerate(letters):
        assert not world.handlers[turn % 2].discard(discard(letter)).repeated
