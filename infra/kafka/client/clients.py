"""Settings that every Kafka client of ours shares, and why librdkafka's own are not good enough."""

from collections.abc import Mapping
from typing import Any, Final

from confluent_kafka import Consumer, KafkaException, Producer

from domain.topics import TOPICS
from infra.words import in_words

Config = Mapping[str, Any]

EVERY_CLIENT: Final = {
    # 10 s, the default, is how long a client may leave alone a broker that is back already.
    "reconnect.backoff.max.ms": 1000,
    # 3 would write a line to standard error for each attempt to reach an absent broker.
    "log_level": 2,
}

LARGEST_RECORD_BYTES: Final = 8_388_608
"""The one limit of brokers that Telltale starts and of all its producers (1 MB, the library's default, is less than
what others may write). What Telltale writes of its own is cut into records far below it."""

CONNECT_TIMEOUT_S: Final = 10.0
"""How long a question to a broker may take before it counts as not reachable."""


class LogNotReachable(ConnectionError):
    """No broker answers."""

    def __init__(self, bootstrap: str, reason: str) -> None:
        super().__init__(f"Kafka at {bootstrap} does not answer: {in_words(reason)}. Is the stack up? telltale up")


class LogRefused(LogNotReachable):
    """The broker answers, and refuses what is asked, or the client can't go on."""

    def __init__(self, bootstrap: str, reason: str) -> None:
        ConnectionError.__init__(self, f"Kafka at {bootstrap} is there, but: {reason}. telltale status")


def consumer(bootstrap: str, *, group: str = "telltale-reader", **more: Any) -> Consumer:
    """Return a consumer that sees committed records only and never commits by itself."""
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "error",
            "enable.partition.eof": True,
            # 1000 ms, the default, holds a full queue back so long that consuming stays below 0.2 M records/s.
            "fetch.queue.backoff.ms": 5,
            "allow.auto.create.topics": False,
            **EVERY_CLIENT,
            **{name.replace("_", "."): value for name, value in more.items()},
        }
    )


def producer(bootstrap: str, **more: Any) -> Producer:
    """Return an idempotent producer whose records are acknowledged by all replicas, compressed with zstd."""
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "acks": "all",
            "compression.type": "zstd",
            "partitioner": "murmur2_random",
            "message.max.bytes": LARGEST_RECORD_BYTES,
            # 100 ms, the default, is what a transaction waits after the first refused try of the one before it.
            "retry.backoff.ms": 5,
            **EVERY_CLIENT,
            **{name.replace("_", "."): value for name, value in more.items()},
        }
    )


def partitions_of(topic: str) -> range:
    """Return the partition numbers of one of our topics."""
    return range(TOPICS[topic].partitions)


def reachable(client: Consumer | Producer, bootstrap: str) -> None:
    """Return once a broker has answered.

    Raises:
        LogNotReachable: none does.
    """
    try:
        client.list_topics(timeout=CONNECT_TIMEOUT_S)
    except KafkaException as error:
        raise LogNotReachable(bootstrap, str(error)) from error
