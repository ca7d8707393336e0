"""One suite for a scorer's slot, over fake and Kafka alike."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from uuid import uuid4

import pytest
from confluent_kafka import TopicPartition

from domain.scoring import ScorerStateSaved
from domain.topics import SCORER_STATE, SENSOR_EVENTS
from infra.kafka.client.clients import LogNotReachable, producer
from infra.kafka.client.ends import LogEnds
from infra.kafka.client.log_range import read_to_end
from infra.kafka.meaning.contracts import load_contracts
from infra.kafka.scoring.scoring_log import KafkaScoringLog
from infra.settings import Settings
from ml.scoring.ports import ScoringLog, SlotFenced
from schemas.codec import decode, encode
from schemas.records import RecordBatch
from tests.builders import a_reading
from tests.fakes.scoring import FakeScoringLog, InMemoryLog
from tests.stacks import wait_until

NOWHERE = 10**9
"""No partition reaches this offset, so that no scorer ever restores what these tests save."""


@dataclass
class World:
    """A slot; `put` appends a record to partition 0 and returns its offset, `saved` what was committed."""

    log: ScoringLog
    put: Callable[[], int]
    saved: Callable[[], list[bytes]]
    another: Callable[[], KafkaScoringLog] | None = None


@pytest.fixture(params=["fake", pytest.param("kafka", marks=pytest.mark.timeout(180))])
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    if request.param == "fake":
        memory = InMemoryLog()

        def put() -> int:
            memory.put(a_reading())
            return len(memory.source) - 1

        def saved() -> list[bytes]:
            events = memory.written(ScorerStateSaved)
            return [event.content for event in events if isinstance(event, ScorerStateSaved)]

        yield World(FakeScoringLog(memory), put, saved)
        return
    yield from _on_kafka(request.getfixturevalue("stack_settings"), monkeypatch)


def _on_kafka(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    # A group of its own: the offsets of the scorers of this log are theirs.
    monkeypatch.setattr("infra.kafka.scoring.scoring_log.GROUP", f"contract-{uuid4().hex[:8]}")
    bootstrap = settings.kafka_bootstrap
    contracts = load_contracts(bootstrap)
    start = LogEnds(bootstrap).written([(SCORER_STATE, 0)])[SCORER_STATE, 0]

    def put() -> int:
        offsets: list[int] = []
        client = producer(bootstrap)
        client.produce(
            SENSOR_EVENTS,
            encode(a_reading(), contracts),
            partition=0,
            on_delivery=lambda _, message: offsets.append(message.offset() or 0),
        )
        assert client.flush(30) == 0
        return offsets[0]

    def saved() -> list[bytes]:
        events = [
            decode(value, contracts)
            for batch in read_to_end(bootstrap, SCORER_STATE, 0, start=start)
            for value in batch.values
        ]
        return [event.content for event in events if isinstance(event, ScorerStateSaved)]

    with closing(KafkaScoringLog(bootstrap, 0, contracts)) as log:
        yield World(log, put, saved, another=lambda: KafkaScoringLog(bootstrap, 0, contracts))


def given(log: ScoringLog) -> frozenset[int]:
    """Poll until the group has spoken; return the partitions."""
    told: list[frozenset[int]] = []

    def spoken() -> bool:
        assert list(log.poll(0.1)) == [], "nothing may come of a partition that was not taken"
        told.extend(filter(None, [log.rebalanced()]))
        return bool(told)

    wait_until(spoken, deadline_s=60, what="the group gives partitions")
    return told[-1]


def polled(log: ScoringLog) -> RecordBatch:
    found: list[RecordBatch] = []

    def came() -> bool:
        found.extend(log.poll(0.1))
        return bool(found)

    wait_until(came, deadline_s=30, what="records come")
    return found[0]


def a_snapshot(content: bytes) -> ScorerStateSaved:
    return ScorerStateSaved(
        source_topic=SENSOR_EVENTS,
        source_partition=0,
        next_offset=NOWHERE,
        models={},
        inputs={},
        chunk=0,
        chunks=1,
        encoding="test",
        content=content,
    )


def test_nothing_comes_of_a_partition_before_it_is_taken_and_then_all_from_the_position_on(world: World) -> None:
    first, second = world.put(), world.put()
    assert 0 in given(world.log)
    world.log.take({0: second})
    batch = polled(world.log)
    assert (batch.partition, batch.offsets.tolist()[0]) == (0, second)
    world.log.take({0: first})
    assert polled(world.log).offsets.tolist()[0] == first


def test_records_and_positions_of_a_transaction_become_visible_together(world: World) -> None:
    offset = world.put()
    given(world.log)
    assert world.log.committed([0]) == {0: None}
    world.log.take({0: offset})
    polled(world.log)
    with world.log.transaction() as transaction:
        transaction.append(SCORER_STATE, 0, None, a_snapshot(b"one"))
        transaction.append(SCORER_STATE, 0, None, a_snapshot(b"two"))
        transaction.advance({0: offset + 1})
    assert world.saved() == [b"one", b"two"]
    assert world.log.committed([0]) == {0: offset + 1}


def test_an_error_inside_a_transaction_leaves_nothing_of_it(world: World) -> None:
    offset = world.put()
    given(world.log)
    world.log.take({0: offset})
    polled(world.log)

    def fails() -> None:
        with world.log.transaction() as transaction:
            transaction.append(SCORER_STATE, 0, None, a_snapshot(b"lost"))
            transaction.advance({0: offset + 1})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert world.saved() == []
    assert world.log.committed([0]) == {0: None}


def test_a_paused_partition_gives_nothing_until_it_is_resumed(world: World) -> None:
    given(world.log)
    offset = world.put()
    world.log.take({0: offset})
    world.log.pause(0)
    assert [list(world.log.poll(0.1)) for _ in range(10)] == [[]] * 10
    world.log.resume(0)
    assert polled(world.log).offsets.tolist()[0] == offset


def test_a_paused_partition_that_is_taken_again_gives_what_there_is(world: World) -> None:
    given(world.log)
    offset = world.put()
    world.log.take({0: offset})
    world.log.pause(0)
    assert list(world.log.poll(0.1)) == []
    world.log.take({0: offset})
    assert polled(world.log).offsets.tolist()[0] == offset


@pytest.mark.parametrize("world", ["kafka"], indirect=True)
def test_a_second_process_of_the_slot_shuts_the_first_out(world: World) -> None:
    assert world.another is not None
    given(world.log)
    with closing(world.another()) as second:
        wait_until(lambda: second.poll(0.1) is not None and bool(second.rebalanced()), deadline_s=60, what="it joins")

        def writes() -> None:
            for _ in range(100):
                world.log.poll(0.1)
                with world.log.transaction() as transaction:
                    transaction.append(SCORER_STATE, 0, None, a_snapshot(b"of the first"))
                    transaction.advance({0: NOWHERE})

        with pytest.raises(SlotFenced):
            writes()
    assert world.saved() == []


@pytest.mark.parametrize("world", ["kafka"], indirect=True)
def test_a_client_that_stands_still_ends_the_slot_and_a_quiet_or_paused_partition_does_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = world.log
    assert isinstance(log, KafkaScoringLog)
    given(log)
    offset = world.put()
    log.take({0: offset})
    polled(log)
    with monkeypatch.context() as impatient:
        impatient.setattr("infra.kafka.client.silence.STANDS_STILL_S", 0.3)
        assert [list(log.poll(0.1)) for _ in range(10)] == [[]] * 10, "nothing came, and there was nothing"
        log.pause(0)
        world.put()
        assert [list(log.poll(0.1)) for _ in range(10)] == [[]] * 10, "a partition that rests is not missed"
    log.resume(0)
    polled(log)
    log._consumer.pause([TopicPartition(SENSOR_EVENTS, 0)])  # it is silent from here on, as one that stands still
    world.put()
    monkeypatch.setattr("infra.kafka.client.silence.STANDS_STILL_S", 0.3)

    def polls() -> None:
        for _ in range(100):
            assert list(log.poll(0.1)) == []

    with pytest.raises(LogNotReachable, match="sensor-events/0"):
        polls()
