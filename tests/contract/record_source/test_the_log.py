"""The broker itself: what its topics were made with, and a transaction that nobody ends."""

import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
from confluent_kafka import Producer
from confluent_kafka import TopicPartition as KafkaPartition
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType  # type: ignore[attr-defined]

from domain.topics import DEAD_LETTERS, SKIPS, TOPICS
from infra.kafka.client.clients import producer
from infra.kafka.client.ends import LogEnds
from infra.kafka.client.log_range import LogStalled, read_to_end
from infra.kafka.client.record_source import KafkaRecordSource
from infra.settings import Settings
from projections.checkpoints import TopicPartition

PLACE = (SKIPS, 0)


@pytest.fixture
def open_transaction(stack_settings: Settings) -> Iterator[Producer]:
    """Return a writer with one record in a transaction that is neither committed nor aborted."""
    writer = producer(stack_settings.kafka_bootstrap, transactional_id=f"held-{uuid4().hex[:8]}")
    writer.init_transactions(10)
    writer.begin_transaction()
    writer.produce(SKIPS, b"never committed")
    assert writer.flush(10) == 0
    yield writer
    writer.abort_transaction(10)


@pytest.mark.usefixtures("open_transaction")
def test_a_reader_gives_up_on_a_transaction_that_nobody_ends_and_says_where(
    stack_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap = stack_settings.kafka_bootstrap
    ends = LogEnds(bootstrap)
    stable, written = ends.stable([PLACE])[PLACE], ends.written([PLACE])[PLACE]
    assert stable < written
    monkeypatch.setattr("infra.kafka.client.log_range.STALLED_AFTER_S", 0.3)
    with pytest.raises(LogStalled) as stalled:
        list(read_to_end(bootstrap, *PLACE, start=stable))
    assert f"skips/0 can be read to offset {stable} but ends at {written}" in str(stalled.value)


def test_every_topic_is_kept_for_ever_stamped_by_the_log_and_compressed(stack_settings: Settings) -> None:
    admin = AdminClient({"bootstrap.servers": stack_settings.kafka_bootstrap})
    asked = [ConfigResource(ResourceType.TOPIC, name) for name in TOPICS]
    for topic, answer in admin.describe_configs(asked).items():
        settings = {name: entry.value for name, entry in answer.result(10).items()}
        assert {
            name: settings[name]
            for name in (
                "retention.ms",
                "retention.bytes",
                "cleanup.policy",
                "message.timestamp.type",
                "compression.type",
            )
        } == {
            "retention.ms": "-1",
            "retention.bytes": "-1",
            "cleanup.policy": "delete",
            "message.timestamp.type": "LogAppendTime",
            "compression.type": "zstd",
        }, topic.name


def test_a_client_that_never_fetches_again_is_replaced_and_nothing_is_missed_or_read_twice(
    stack_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = TopicPartition(DEAD_LETTERS, 5)
    place = (where.topic, where.partition)
    start = LogEnds(stack_settings.kafka_bootstrap).written([place])[place]
    monkeypatch.setattr("infra.kafka.client.silence.STANDS_STILL_S", 0.5)
    source = KafkaRecordSource(stack_settings.kafka_bootstrap, "stands-still")
    writer = producer(stack_settings.kafka_bootstrap)
    source.seek({where: start})
    first = source._client
    offsets: list[int] = []
    for value in (b"before", b"after"):
        writer.produce(where.topic, value, partition=where.partition)
        assert writer.flush(10) == 0
        deadline = time.monotonic() + 30
        while len(offsets) < (1 if value == b"before" else 2):
            assert time.monotonic() < deadline
            for batch in source.poll(10).batches:
                offsets += batch.offsets.tolist()
        source._client.pause([KafkaPartition(*place)])  # it is silent from here on, as one that stands still
    assert offsets == [start, start + 1]
    assert source._client is not first
    source.close()
