"""Makes the log's topics and refuses those that are there with another shape."""

from collections.abc import Mapping
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from domain.topics import TOPICS, Topic

EVENT_TOPIC_CONFIGURATION: Final = {
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "cleanup.policy": "delete",
    "message.timestamp.type": "LogAppendTime",
    "compression.type": "zstd",
}
"""Kept for ever, stamped by the log's own clock."""

TIMEOUT_S: Final = 15.0


class TopicsDiffer(Exception):
    """A topic is there with another number of partitions: keys would lie in other partitions than before."""

    def __init__(self, differing: Mapping[str, tuple[int, int]]) -> None:
        found = ", ".join(f"{name} has {there} instead of {wanted}" for name, (there, wanted) in differing.items())
        super().__init__(
            f"partitions of a topic can never change: {found}. Machines' readings lie where the old number put them: "
            "telltale restore of a backup from before, or another TELLTALE_HOME"
        )
        self.differing = dict(differing)


def ensure_topics(bootstrap: str, topics: Mapping[str, Topic] = TOPICS) -> None:
    """Make the topics that are missing; does nothing the second time.

    Raises:
        TopicsDiffer: one is there with another number of partitions; nothing is made or changed then.
        KafkaException: the log does not answer.
    """
    admin = _admin(bootstrap)
    there = _checked(admin, topics)
    _create(
        admin,
        {name: (topic.partitions, EVENT_TOPIC_CONFIGURATION) for name, topic in topics.items() if name not in there},
    )


def require_partitions(bootstrap: str, topics: Mapping[str, Topic] = TOPICS) -> None:
    """Return if every topic that is there has the partitions it was made with.

    Raises:
        TopicsDiffer: one has another number.
        KafkaException: the log does not answer.
    """
    _checked(_admin(bootstrap), topics)


def ensure_stack_topics(bootstrap: str, retention_ms: Mapping[str, int]) -> None:
    """Make topics of one partition that belong to the stack itself, each with its retention (-1: for ever)."""
    admin = _admin(bootstrap)
    there = admin.list_topics(timeout=TIMEOUT_S).topics
    _create(
        admin,
        {
            name: (1, {"retention.ms": str(kept_ms), "cleanup.policy": "delete"})
            for name, kept_ms in retention_ms.items()
            if name not in there
        },
    )


def _admin(bootstrap: str) -> Any:
    return AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})


def _checked(admin: Any, topics: Mapping[str, Topic]) -> Mapping[str, Any]:
    there: Mapping[str, Any] = admin.list_topics(timeout=TIMEOUT_S).topics
    differing = {
        name: (len(there[name].partitions), topic.partitions)
        for name, topic in topics.items()
        if name in there and len(there[name].partitions) != topic.partitions
    }
    if differing:
        raise TopicsDiffer(differing)
    return there


def _create(admin: Any, wanted: Mapping[str, tuple[int, Mapping[str, str]]]) -> None:
    if not wanted:
        return
    new = [NewTopic(name, partitions, 1, config=dict(config)) for name, (partitions, config) in wanted.items()]
    for made in admin.create_topics(new, operation_timeout=TIMEOUT_S).values():
        try:
            made.result(TIMEOUT_S)
        except KafkaException as failure:
            if failure.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # somebody else was quicker
                raise
