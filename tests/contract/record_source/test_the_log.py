"""The broker itself: what its topics were made with, and a transaction that nobody ends."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType  # type: ignore[attr-defined]

from domain.topics import SKIPS, TOPICS
from infra.kafka.clients import producer
from infra.kafka.ends import LogEnds
from infra.kafka.reading import LogStalled, read_to_end
from infra.settings import Settings

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
    monkeypatch.setattr("infra.kafka.reading.STALLED_AFTER_S", 0.3)
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
