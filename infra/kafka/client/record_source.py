"""Records of a projection's topics from Kafka: assigned, never subscribed, positioned by the projector alone."""

from collections.abc import Mapping, Sequence
from threading import Thread
from time import monotonic, sleep
from typing import Final

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message
from confluent_kafka import TopicPartition as KafkaPartition

from domain.topics import TOPICS
from infra.kafka.client.clients import LogNotReachable, consumer
from infra.kafka.client.ends import LogEnds, Place
from infra.kafka.client.messages import batches_of
from infra.kafka.client.silence import Silence
from projections.checkpoints import TopicPartition, record_crc
from projections.ports import LogIsNotTheOneProjected, LogPartition, LogUnavailable, Polled, TopicGrew

FIRST_RECORD_WAIT_S: Final = 0.2
"""How long a poll waits when there is nothing: bounds how late a stop or a retry is noticed."""

LINGER_S: Final = 0.1
"""How long a poll that found few records waits for more: nine live projectors then make ten transactions a second each
at most, which leaves the processors to the scorer. It is part of the time until a reading is visible."""

FEW_RECORDS: Final = 500
"""At a rate that brings more than these within the linger, waiting gains nothing."""

READ_AGAIN_DEADLINE_S: Final = 15.0

_log = structlog.get_logger()


class KafkaRecordSource:
    """Reads committed records for one build; `group` names it in Kafka's own lag tools."""

    def __init__(self, bootstrap: str, group: str, *, linger_s: float = LINGER_S) -> None:
        self._linger_s = linger_s
        self._bootstrap = bootstrap
        self._group = group
        self._ends = LogEnds(bootstrap)
        self._client = self._new_client()
        self._silence = Silence(bootstrap)

    def partitions(self, topics: Sequence[str]) -> Sequence[LogPartition]:
        """Return all partitions of `topics`, sorted.

        Raises:
            LogUnavailable: the log does not answer, or a topic is missing.
            TopicGrew: a topic has more or fewer partitions than it was made with.
        """
        places = [(topic, partition) for topic in sorted(topics) for partition in range(TOPICS[topic].partitions)]
        try:
            for topic in topics:
                if (found := self._ends.partitions(topic)) != TOPICS[topic].partitions:
                    raise TopicGrew(topic, found=found, wanted=TOPICS[topic].partitions)
            ids = {topic: self._ends.topic_id(topic) for topic in topics}
            first, stable = self._ends.first(places), self._ends.stable(places)
        except LogNotReachable as error:
            raise LogUnavailable(str(error)) from error
        return [LogPartition(TopicPartition(*at), ids[at[0]], first[at], stable[at]) for at in places]

    def crcs(self, offsets: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int | None]:
        """Return the CRC of the record at each offset; None where the log holds no record there (any more).

        Raises:
            LogUnavailable: the log does not answer.
        """
        client = consumer(self._bootstrap, group=self._group, queued_min_messages=1)
        found: dict[TopicPartition, int | None] = {}
        deadline = monotonic() + READ_AGAIN_DEADLINE_S
        try:
            client.assign([KafkaPartition(at.topic, at.partition, offset) for at, offset in offsets.items()])
            while len(found) < len(offsets):
                if monotonic() > deadline:
                    raise LogUnavailable(f"Kafka at {self._bootstrap} does not give back the last records projected")
                for message in client.consume(100, timeout=0.2):
                    if _tells(message) and (where := _where(message)) in offsets and where not in found:
                        found[where] = _crc_at(message, offsets[where])
        finally:
            client.close()
        return found

    def seek(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Read these partitions, and only these, from these offsets on; forget what was fetched before."""
        self._silence.expect({(at.topic, at.partition): offset for at, offset in offsets.items()})
        self._client.assign([KafkaPartition(at.topic, at.partition, offset) for at, offset in offsets.items()])

    def poll(self, limit: int) -> Polled:
        """Return at most `limit` records: all that is there, or the first that comes and what follows it closely.

        Raises:
            LogUnavailable: the client gives up.
            LogIsNotTheOneProjected: an offset asked for is outside the log.
        """
        try:
            messages = self._client.consume(limit, timeout=0)
            if not messages:
                messages = self._client.consume(1, timeout=FIRST_RECORD_WAIT_S)
            if messages and messages[0].error() is None and len(messages) < min(limit, FEW_RECORDS):
                sleep(self._linger_s)
                messages += self._client.consume(limit - len(messages), timeout=0)
        except KafkaException as error:
            raise LogUnavailable(f"Kafka at {self._bootstrap}: {error}") from error
        polled = self._sorted_out(messages)
        self._silence.asked(full=len(messages) >= limit)
        self._silence.heard({(one.topic, one.partition): int(one.offsets[-1]) + 1 for one in polled.batches})
        self._silence.heard({(at.topic, at.partition): end for at, end in polled.ends.items()})
        if missed := self._silence.missed():
            self._renew(missed)
        return polled

    def report(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit the group's offsets for lag tools; a lost report is made good by the next."""
        self._client.commit(
            offsets=[KafkaPartition(at.topic, at.partition, offset) for at, offset in offsets.items()],
            asynchronous=True,
        )

    def close(self) -> None:
        """Leave the broker."""
        self._client.close()

    def _new_client(self) -> Consumer:
        return consumer(self._bootstrap, group=self._group, fetch_wait_max_ms=100)

    def _renew(self, missed: Sequence[Place]) -> None:
        """Take another client instead of one that stands still, and read on from where that one got to."""
        _log.warning("log_client_renewed", group=self._group, missed=[f"{topic}/{number}" for topic, number in missed])
        # In a thread of its own: it waits for answers that may never come.
        Thread(target=self._client.close, name="close-log-client", daemon=True).start()
        self._client = self._new_client()
        self.seek({TopicPartition(*place): offset for place, offset in self._silence.positions.items()})

    def _sorted_out(self, messages: list[Message]) -> Polled:
        errors = list(map(Message.error, messages))
        if not any(errors):
            return Polled(batches_of(messages), {})
        ends: dict[TopicPartition, int] = {}
        for message, error in zip(messages, errors, strict=True):
            if error is None:
                continue
            if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the library's public constant
                ends[_where(message)] = int(message.offset() or 0)
            elif error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):  # noqa: SLF001
                raise LogIsNotTheOneProjected(_where(message), f"the checkpoint is outside the log: {error.str()}")
            elif error.fatal() or not (error.retriable() or error.code() < 0):
                raise LogUnavailable(f"Kafka at {self._bootstrap}: {error.str()}")
            else:  # the client mends it by itself
                _log.info("log_client_error", group=self._group, code=error.code(), error=error.str())
        records = [message for message, error in zip(messages, errors, strict=True) if error is None]
        return Polled(batches_of(records), ends)


def _where(message: Message) -> TopicPartition:
    return TopicPartition(str(message.topic()), int(message.partition() or 0))


def _tells(message: Message) -> bool:
    """Return whether a message says what stands at or after an offset: a record, an end, or an offset out of range."""
    error = message.error()
    return error is None or error.code() in (
        KafkaError._PARTITION_EOF,  # noqa: SLF001 - the library's public constant
        KafkaError._AUTO_OFFSET_RESET,  # noqa: SLF001 - likewise
        KafkaError.OFFSET_OUT_OF_RANGE,
    )


def _crc_at(message: Message, offset: int) -> int | None:
    if message.error() is not None or message.offset() != offset:
        return None
    return record_crc(message.key(), message.value())
