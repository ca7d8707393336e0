"""What log and ledger show of the judging, over the broker that the client's library brings along for tests.

That broker has no transactions; the real one's are looked at in `tests/guarantees/scoring/test_judging_is_seen.py`.
"""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
from confluent_kafka import Producer

from domain.contracts import SchemaPublished
from domain.judging import JudgingState
from domain.scoring import ReadingsScored
from domain.topics import ANOMALY_EVENTS, CONTRACTS, PROFILE_EVENTS, SENSOR_EVENTS
from infra.kafka.scoring.judging_look import JudgingLook
from schemas.codec import encode
from schemas.contracts import Contracts
from tests.builders import a_profile, a_reading
from tests.fakes.projections import FakeLog

PARTITIONS = range(4)
"""As many as that broker gives every topic."""


@dataclass
class SmallLog:
    """Topics on a broker in this process; `look` looks at them."""

    look: JudgingLook
    producer: Producer
    contracts: Contracts

    def put(self, topic: str, value: bytes, partition: int = 0, *, ago_s: float = 0.0) -> None:
        moment_ms = int((time.time() - ago_s) * 1000)
        self.producer.produce(topic, value, b"key", partition, timestamp=moment_ms)

    def readings(self, partition: int, count: int, *, ago_s: float = 0.0) -> None:
        for second in range(count):
            self.put(SENSOR_EVENTS, encode(a_reading(second), self.contracts), partition, ago_s=ago_s)
        assert self.producer.flush(10) == 0

    def ledger(self, partition: int, start: int, end: int, *, ago_s: float = 0.0) -> None:
        scored = ReadingsScored(
            source_topic=SENSOR_EVENTS,
            source_partition=partition,
            from_offset=start,
            next_offset=end,
            columns=(),
            abnormal=(),
            flags=(),
            models=(),
            inputs={},
        )
        self.put(ANOMALY_EVENTS, encode(scored, self.contracts), partition, ago_s=ago_s)
        assert self.producer.flush(10) == 0

    def junk(self, partition: int) -> None:
        for value in (b"junk", b"\0\0\0\xff\xffbody", b""):
            self.put(ANOMALY_EVENTS, value, partition)
        assert self.producer.flush(10) == 0


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallLog]:
    """Return a log whose contracts and whose profile are published."""
    monkeypatch.setattr("infra.kafka.scoring.judging_look.partitions_of", lambda _topic: PARTITIONS)
    broker = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "replaced", "log_level": 0})
    address = next(f"{one.host}:{one.port}" for one in broker.list_topics(timeout=10).brokers.values())
    contracts = FakeLog().contracts
    producer = Producer({"bootstrap.servers": address, "log_level": 0})
    with closing(JudgingLook(address)) as look:
        small = SmallLog(look, producer, contracts)
        for schema in contracts:
            subject = f"subject-of-{schema.subject}"
            published = SchemaPublished(
                id=schema.id, subject=subject, version=1, text=schema.text, sha256=schema.sha256
            )
            small.put(CONTRACTS, encode(published, contracts))
        small.put(PROFILE_EVENTS, encode(a_profile(), contracts))
        for topic in (SENSOR_EVENTS, ANOMALY_EVENTS):
            broker.list_topics(topic, timeout=10)
        assert producer.flush(10) == 0
        yield small


def test_a_log_without_readings_is_judged(log: SmallLog) -> None:
    found = log.look.look()
    assert (found.state, found.unjudged) == (JudgingState.JUDGED, 0)


def test_what_was_appended_less_what_the_ledger_accounts_for_waits(log: SmallLog) -> None:
    log.readings(1, 100)
    assert log.look.look().unjudged == 100
    log.ledger(1, 0, 60)
    assert log.look.look().unjudged == 40
    log.ledger(1, 60, 100)
    assert [log.look.look().unjudged for _ in range(3)] == [0, 0, 0]


def test_readings_that_flow_are_followed_and_nothing_that_others_write_among_ledgers_counts(log: SmallLog) -> None:
    for flow in range(10):
        for partition in PARTITIONS:
            log.readings(partition, 20)
            log.ledger(partition, flow * 20, flow * 20 + 20 - partition)
            log.junk(partition)
        found = log.look.look()
        assert [one.unjudged for one in found.partitions] == list(PARTITIONS)
    with closing(JudgingLook(log.look._bootstrap)) as another:
        assert [one.unjudged for one in another.look().partitions] == list(PARTITIONS)


def test_readings_that_have_waited_while_the_ledger_stood_still_are_not_judged(log: SmallLog) -> None:
    log.readings(2, 5, ago_s=30)
    found = log.look.look()
    assert (found.state, found.unjudged) == (JudgingState.NOT_JUDGED, 5)
    assert found.cause is not None
    assert found.cause.startswith("readings from sensor-events/2/0 on have not been judged for 3")
    log.ledger(2, 0, 5)
    assert log.look.look().state is JudgingState.JUDGED


def test_a_backlog_that_is_worked_off_is_catching_up(log: SmallLog) -> None:
    log.readings(2, 50, ago_s=30)
    log.ledger(2, 0, 20)
    assert log.look.look().state is JudgingState.CATCHING_UP


def test_a_reading_that_waits_for_its_schema_is_named_with_what_to_do(log: SmallLog) -> None:
    log.put(SENSOR_EVENTS, b"\0\0\0\0\x63body", 3, ago_s=30)
    assert log.producer.flush(10) == 0
    cause = log.look.look().cause
    assert cause is not None
    assert cause.startswith("sensor-events/3/0 has waited for 3")
    assert cause.endswith("schema id 99 is not in topic contracts: telltale contracts publish")


def test_a_reading_that_waits_for_its_profile_is_named_with_what_to_do(log: SmallLog) -> None:
    stranger = a_reading(0, profile="unheard-of@1")
    log.put(SENSOR_EVENTS, encode(stranger, log.contracts), 1, ago_s=30)
    assert log.producer.flush(10) == 0
    cause = log.look.look().cause
    assert cause is not None
    assert cause.endswith("profile unheard-of@1 is not defined: telltale profiles define")
