"""Where partitions end, as committed readers see it and as the broker does.

A dead writer's open transaction holds committed readers below the broker's end without telling them, so whoever
must see everything asks for the broker's end first and then reads until there.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from confluent_kafka import IsolationLevel, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from infra.kafka.clients import CONNECT_TIMEOUT_S, LogNotReachable

Place = tuple[str, int]
"""Topic and partition."""

_LATEST: Final = OffsetSpec.latest()  # type: ignore[no-untyped-call]
_EARLIEST: Final = OffsetSpec.earliest()  # type: ignore[no-untyped-call]


class LogEnds:
    """Asks one cluster for the ends of partitions."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap: Final = bootstrap
        self._admin: Final = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
        self._met = False

    def written(self, places: Iterable[Place]) -> Mapping[Place, int]:
        """Return the offset after the last record of each partition, open transactions included.

        Raises:
            LogNotReachable: no broker answers in time.
        """
        return self._ask(places, _LATEST, IsolationLevel.READ_UNCOMMITTED)

    def stable(self, places: Iterable[Place]) -> Mapping[Place, int]:
        """Return the last stable offset of each partition: what committed readers can reach.

        Raises:
            LogNotReachable: no broker answers in time.
        """
        return self._ask(places, _LATEST, IsolationLevel.READ_COMMITTED)

    def first(self, places: Iterable[Place]) -> Mapping[Place, int]:
        """Return the first offset still held of each partition; above 0 when something was deleted.

        Raises:
            LogNotReachable: no broker answers in time.
        """
        return self._ask(places, _EARLIEST, IsolationLevel.READ_UNCOMMITTED)

    def topic_id(self, topic: str) -> str:
        """Return the id Kafka gave the topic when it was made: another one means another log.

        Raises:
            LogNotReachable: no broker answers in time.
        """
        try:
            future = self._admin.describe_topics(TopicCollection([topic]))[topic]
            return str(future.result(CONNECT_TIMEOUT_S).topic_id)
        except KafkaException as error:
            raise LogNotReachable(self._bootstrap, str(error)) from error

    def _ask(self, places: Iterable[Place], spec: OffsetSpec, isolation: IsolationLevel) -> Mapping[Place, int]:
        asked = {TopicPartition(topic, partition): spec for topic, partition in places}
        if not asked:
            return {}
        try:
            self._meet()
            futures = self._admin.list_offsets(asked, isolation_level=isolation, request_timeout=CONNECT_TIMEOUT_S)
            return {(place.topic, place.partition): future.result().offset for place, future in futures.items()}
        except KafkaException as error:
            raise LogNotReachable(self._bootstrap, str(error)) from error

    def _meet(self) -> None:
        """Learn who leads what: a client that has not done so answers one first question in thirty 3 s late."""
        if not self._met:
            self._admin.list_topics(timeout=CONNECT_TIMEOUT_S)
            self._met = True
