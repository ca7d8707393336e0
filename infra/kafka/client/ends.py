"""Where partitions end, as committed readers see it and as the broker does.

A dead writer's open transaction holds committed readers below the broker's end without telling them, so whoever
must see everything asks for the broker's end first and then reads until there.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from infra.kafka.client.clients import CONNECT_TIMEOUT_S, LogNotReachable

Place = tuple[str, int]
"""Topic and partition."""

_LATEST: Final = OffsetSpec.latest()  # type: ignore[no-untyped-call]
_EARLIEST: Final = OffsetSpec.earliest()  # type: ignore[no-untyped-call]


class LogEnds:
    """Asks one cluster for the ends of partitions."""

    def __init__(self, bootstrap: str, *, timeout_s: float = CONNECT_TIMEOUT_S) -> None:
        self._bootstrap: Final = bootstrap
        self._timeout_s: Final = timeout_s
        self._client: AdminClient | None = None

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

    def from_moment(self, places: Iterable[Place], *, moment_ms: int) -> Mapping[Place, int]:
        """Return the first offset of each partition appended at or after a moment; -1 where nothing was.

        moment_ms: milliseconds since 1970 UTC, by the log's clock.

        Raises:
            LogNotReachable: no broker answers in time.
        """
        since = OffsetSpec.for_timestamp(moment_ms)
        return self._ask(places, since, IsolationLevel.READ_UNCOMMITTED)

    def topic_id(self, topic: str) -> str:
        """Return the id Kafka gave the topic when it was made: another one means another log.

        Raises:
            LogNotReachable: no broker answers in time.
        """
        try:
            future = self._admin().describe_topics(TopicCollection([topic]))[topic]
            return str(future.result(self._timeout_s).topic_id)
        except KafkaException as error:
            self._client = None
            raise LogNotReachable(self._bootstrap, str(error)) from error

    def partitions(self, topic: str) -> int:
        """Return how many partitions the topic has.

        Raises:
            LogNotReachable: no broker answers in time.
        """
        try:
            future = self._admin().describe_topics(TopicCollection([topic]))[topic]
            return len(future.result(self._timeout_s).partitions)
        except KafkaException as error:
            self._client = None
            raise LogNotReachable(self._bootstrap, str(error)) from error

    def _ask(self, places: Iterable[Place], spec: OffsetSpec, isolation: IsolationLevel) -> Mapping[Place, int]:
        asked = {TopicPartition(topic, partition): spec for topic, partition in places}
        if not asked:
            return {}
        try:
            return self._answer(asked, isolation)
        except KafkaException as error:
            self._client = None  # what it knew of the broker is of no use any more
            if error.args[0].code() != KafkaError.FENCED_LEADER_EPOCH:
                raise LogNotReachable(self._bootstrap, str(error)) from error
        try:
            return self._answer(asked, isolation)  # the broker is there, but was started anew since the last question
        except KafkaException as error:
            self._client = None
            raise LogNotReachable(self._bootstrap, str(error)) from error

    def _answer(self, asked: Mapping[TopicPartition, OffsetSpec], isolation: IsolationLevel) -> Mapping[Place, int]:
        futures = self._admin().list_offsets(dict(asked), isolation_level=isolation, request_timeout=self._timeout_s)
        return {(place.topic, place.partition): future.result().offset for place, future in futures.items()}

    def _admin(self) -> AdminClient:
        """Return a client that has met the broker: else one first question in thirty is answered 3 s late."""
        if self._client is None:
            client = AdminClient({"bootstrap.servers": self._bootstrap, "log_level": 2})
            client.list_topics(timeout=self._timeout_s)
            self._client = client
        return self._client
