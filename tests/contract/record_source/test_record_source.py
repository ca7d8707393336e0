"""The port RecordSource: the same promises from the log in memory that projector tests use, and from Kafka."""

import time
from collections.abc import Sequence
from typing import Protocol

import pytest

from domain.topics import DEAD_LETTERS
from infra.kafka.client.clients import producer
from infra.kafka.client.record_source import KafkaRecordSource
from projections.checkpoints import TopicPartition, record_crc
from projections.ports import LogIsNotTheOneProjected, Polled, RecordSource
from schemas.records import RecordBatch
from tests.fakes.projections import FakeLog, FakeRecordSource

DEADLINE_S = 30.0
FIRST, SECOND = TopicPartition(DEAD_LETTERS, 6), TopicPartition(DEAD_LETTERS, 7)


class Appendable(Protocol):
    """A log that a test may write."""

    def append(self, where: TopicPartition, values: Sequence[bytes]) -> None:
        """Append values under key `k` in one transaction."""

    def source(self) -> RecordSource:
        """Return a reader."""


class MemoryLog:
    """The fake."""

    def __init__(self) -> None:
        self._log = FakeLog()

    def append(self, where: TopicPartition, values: Sequence[bytes]) -> None:
        for value in values:
            self._log.append(value, topic=where.topic, partition=where.partition, key="k")
        self._log.append_marker(where.topic, where.partition)

    def source(self) -> RecordSource:
        return FakeRecordSource(self._log)


class KafkaLog:
    """The real one."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producer = producer(bootstrap, transactional_id="test-record-source")
        self._producer.init_transactions(DEADLINE_S)

    def append(self, where: TopicPartition, values: Sequence[bytes]) -> None:
        self._producer.begin_transaction()
        for value in values:
            self._producer.produce(where.topic, key=b"k", value=value, partition=where.partition)
        self._producer.commit_transaction(DEADLINE_S)

    def source(self) -> RecordSource:
        return KafkaRecordSource(self._bootstrap, group="test-record-source")


@pytest.fixture(params=["memory", "kafka"])
def log(request: pytest.FixtureRequest) -> Appendable:
    if request.param == "memory":
        return MemoryLog()
    return KafkaLog(request.getfixturevalue("stack_settings").kafka_bootstrap)


def test_partitions_are_all_of_the_topics_with_id_and_ends(log: Appendable) -> None:
    before = end_of(log.source(), FIRST)
    log.append(FIRST, [b"one"])
    found = log.source().partitions([DEAD_LETTERS])
    assert [at.where for at in found] == [TopicPartition(DEAD_LETTERS, number) for number in range(8)]
    assert len({at.topic_id for at in found}) == 1
    assert end_of(log.source(), FIRST) == before + 2


def test_records_come_in_order_from_where_the_reader_says(log: Appendable) -> None:
    source = log.source()
    start = end_of(source, FIRST)
    log.append(FIRST, [b"a", b"b", b"c"])
    source.seek({FIRST: start + 1})
    records, _ = read_until(source, {FIRST: start + 4})
    assert [value for batch in records for value in batch.values] == [b"b", b"c"]
    assert [offset for batch in records for offset in batch.offsets.tolist()] == [start + 1, start + 2]
    assert {key for batch in records for key in batch.keys} == {b"k"}
    source.close()


def test_the_end_that_is_met_lies_past_the_transactions_marker(log: Appendable) -> None:
    source = log.source()
    start = end_of(source, FIRST)
    log.append(FIRST, [b"a"])
    source.seek({FIRST: start})
    _, ends = read_until(source, {FIRST: start + 2})
    assert ends[FIRST] == start + 2
    source.close()


def test_only_the_partitions_sought_are_read(log: Appendable) -> None:
    source = log.source()
    first, second = end_of(source, FIRST), end_of(source, SECOND)
    log.append(FIRST, [b"a"])
    log.append(SECOND, [b"b"])
    source.seek({FIRST: first, SECOND: second})
    read_until(source, {FIRST: first + 2, SECOND: second + 2})
    source.seek({SECOND: second})
    records, _ = read_until(source, {SECOND: second + 2})
    assert [(batch.partition, batch.values) for batch in records] == [(SECOND.partition, [b"b"])]
    source.close()


def test_a_poll_brings_no_more_than_its_limit(log: Appendable) -> None:
    source = log.source()
    start = end_of(source, FIRST)
    log.append(FIRST, [b"a", b"b", b"c"])
    source.seek({FIRST: start})
    deadline = time.monotonic() + DEADLINE_S
    seen = 0
    while seen < 3:
        count = sum(map(len, source.poll(1).batches))
        assert count <= 1
        seen += count
        assert time.monotonic() < deadline
    source.close()


def test_a_record_is_told_by_its_crc_and_a_marker_holds_none(log: Appendable) -> None:
    source = log.source()
    first, second = end_of(source, FIRST), end_of(source, SECOND)
    log.append(FIRST, [b"a"])
    log.append(SECOND, [b"b"])
    assert source.crcs({FIRST: first, SECOND: second + 1}) == {FIRST: record_crc(b"k", b"a"), SECOND: None}
    source.close()


def test_an_offset_outside_the_log_is_said(log: Appendable) -> None:
    if isinstance(log, MemoryLog):
        pytest.skip("the log in memory has no outside")
    source = log.source()
    source.seek({FIRST: end_of(source, FIRST) + 1000})
    with pytest.raises(LogIsNotTheOneProjected):
        read_until(source, {FIRST: 10**9})
    source.close()


def end_of(source: RecordSource, where: TopicPartition) -> int:
    """Return a partition's last stable offset."""
    return next(at.end_offset for at in source.partitions([where.topic]) if at.where == where)


def read_until(
    source: RecordSource, ends: dict[TopicPartition, int]
) -> tuple[list[RecordBatch], dict[TopicPartition, int]]:
    """Return the batches read until every end was met."""
    batches: list[RecordBatch] = []
    met: dict[TopicPartition, int] = {}
    deadline = time.monotonic() + DEADLINE_S
    while any(met.get(where, -1) < end for where, end in ends.items()):
        assert time.monotonic() < deadline
        polled: Polled = source.poll(1000)
        batches.extend(polled.batches)
        met.update(polled.ends)
    return batches, met
