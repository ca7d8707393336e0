"""One scorer slot on Kafka: its partitions of sensor-events and its transactions."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from time import monotonic
from typing import Any, Final

import structlog
from confluent_kafka import OFFSET_INVALID, KafkaError, KafkaException, TopicPartition

from domain.dead_letters import DeadLettered
from domain.topics import ANOMALY_EVENTS, DEAD_LETTERS, INCIDENT_EVENTS, SCORER_STATE, SENSOR_EVENTS, SKIPS
from infra.kafka.client.clients import LogNotReachable, LogRefused, consumer, partitions_of, producer
from infra.kafka.client.hanging_transactions import end_what_is_held_open
from infra.kafka.client.messages import batches_of, split
from infra.kafka.client.silence import Silence
from ml.scoring.ports import SlotFenced, TransactionAborted
from schemas.codec import Event, encode
from schemas.contracts import Contracts
from schemas.letters import letter_values
from schemas.records import RecordBatch

GROUP: Final = "telltale-scorer"
TIMEOUT_MS: Final = 10_000
"""Of session and transaction alike: a dead scorer's partitions are free, and its transaction is ended, after this."""

BATCH_RECORDS: Final = 10_000
"""At most in one transaction: larger ones gain little speed and delay the verdicts in them."""

LINGER_MS: Final = 20

WRITTEN: Final = (ANOMALY_EVENTS, INCIDENT_EVENTS, DEAD_LETTERS, SCORER_STATE, SKIPS)
"""Topics that a scorer's transactions write to."""

_ANSWER_S: Final = 30.0
_PATIENCE_S: Final = 10.0
"""How long one and the same call is repeated. A broker that was away for longer has ended the transaction itself, and
librdkafka, asked again and again meanwhile, has been seen never to answer any more."""

_JOINED_WITHIN_S: Final = 5.0

_log = structlog.get_logger()


class KafkaScoringTransaction:
    """Appends inside one Kafka transaction."""

    def __init__(self, log: "KafkaScoringLog", member: Any) -> None:
        self._log = log
        self._member = member

    def append(self, topic: str, partition: int, key: str | None, event: Event) -> None:
        """Write an event to exactly this partition."""
        self._log.produce(topic, partition, key, event)

    def advance(self, positions: Mapping[int, int]) -> None:
        """Set the next offset to read of each source partition."""
        self._log.send_offsets(positions, self._member)


class KafkaScoringLog:
    """Slot `slot`: the group's member and the transactional writer of that name, so that two of it fence each other.

    Partitions are given by the group but read only once taken: a rebalance assigns nothing to the client itself.
    """

    def __init__(self, bootstrap: str, slot: int, contracts: Contracts) -> None:
        name = f"{GROUP}-{slot}"
        self._bootstrap = bootstrap
        self._contracts = contracts
        self._given: frozenset[int] | None = None
        self._paused: set[int] = set()
        self._joined = False
        self._producer = producer(
            bootstrap,
            transactional_id=name,
            transaction_timeout_ms=TIMEOUT_MS,
            # A commit sends what lingers at once; without it each record of a transaction would be a request.
            linger_ms=LINGER_MS,
            message_timeout_ms=TIMEOUT_MS,
        )
        # Fences a former process of this slot and ends its open transaction, before anything is read.
        self._persist(self._producer.init_transactions, _ANSWER_S)
        self._persist(self._end_what_is_held_open)
        self._consumer = consumer(
            bootstrap,
            group=GROUP,
            group_instance_id=name,
            session_timeout_ms=TIMEOUT_MS,
            heartbeat_interval_ms=1000,
            partition_assignment_strategy="range",
            enable_partition_eof=False,
            fetch_wait_max_ms=100,
        )
        self._consumer.subscribe([SENSOR_EVENTS], on_assign=self._on_assign, on_revoke=self._on_revoke)
        self._member: Any = None
        self._silence = Silence(bootstrap)

    def _end_what_is_held_open(self) -> None:
        end_what_is_held_open(
            self._bootstrap,
            self._producer,
            group=GROUP,
            read=[(SENSOR_EVENTS, partition) for partition in partitions_of(SENSOR_EVENTS)],
            written=[(topic, partition) for topic in WRITTEN for partition in partitions_of(topic)],
        )

    def poll(self, timeout_s: float) -> Sequence[RecordBatch]:
        """Return new records of taken partitions, one batch per partition; () when none came in `timeout_s`.

        Raises:
            SlotFenced: another process joined the group in this slot's name.
            LogNotReachable: the client reports an error that it can't mend by itself, or stands still.
        """
        messages = self._consumer.consume(BATCH_RECORDS, timeout=0)
        if not messages and (first := self._consumer.poll(timeout_s)) is not None:
            # consume() waits for its whole count; with the first record in hand it only empties the queue.
            messages = [first, *self._consumer.consume(BATCH_RECORDS - 1, timeout=0)]
        self._member = self._consumer.consumer_group_metadata()
        try:
            records, _ = split(messages)
        except KafkaException as exception:
            raise self._given_up(exception) from exception
        batches = batches_of(records)
        self._silence.asked(full=len(messages) >= BATCH_RECORDS)
        self._silence.heard({(one.topic, one.partition): int(one.offsets[-1]) + 1 for one in batches})
        if missed := self._silence.missed():
            places = ", ".join(f"{topic}/{partition}" for topic, partition in missed)
            raise LogRefused(self._bootstrap, f"this client brings nothing of {places}, which have more")
        return batches

    def rebalanced(self) -> frozenset[int] | None:
        """Return the partitions the group now gives this slot, once after each rebalance; None when it was quiet."""
        given, self._given = self._given, None
        return given

    def take(self, positions: Mapping[int, int]) -> None:
        """Read exactly these partitions, each from its position; nothing when the group has given others meanwhile."""
        if self._given is not None:
            return
        places = [TopicPartition(SENSOR_EVENTS, *position) for position in sorted(positions.items())]
        self._consumer.assign(places)
        if self._paused:
            # The client remembers across assignments which partitions are paused.
            self._consumer.resume([place for place in places if place.partition in self._paused])
            self._paused.clear()
        self._silence.expect({(SENSOR_EVENTS, partition): offset for partition, offset in positions.items()})

    def committed(self, partitions: Iterable[int]) -> Mapping[int, int | None]:
        """Return the committed next offset of each partition; None where there is none. Waits for open transactions.

        Raises:
            LogNotReachable: no answer, or a transaction stays open.
        """
        asked = [TopicPartition(SENSOR_EVENTS, partition) for partition in sorted(partitions)]
        if not asked:
            return {}
        try:
            answers = self._consumer.committed(asked, timeout=_ANSWER_S)
        except KafkaException as exception:
            raise self._given_up(exception) from exception
        return {place.partition: None if place.offset == OFFSET_INVALID else place.offset for place in answers}

    def pause(self, partition: int) -> None:
        """Return no records of this partition until it is resumed or taken again."""
        self._consumer.pause([TopicPartition(SENSOR_EVENTS, partition)])
        self._paused.add(partition)
        self._silence.rest((SENSOR_EVENTS, partition))

    def resume(self, partition: int) -> None:
        """Go on with a paused partition."""
        self._consumer.resume([TopicPartition(SENSOR_EVENTS, partition)])
        self._paused.discard(partition)
        self._silence.resume((SENSOR_EVENTS, partition))

    def transaction(self) -> AbstractContextManager[KafkaScoringTransaction]:
        """Return a transaction of this member as it was at the last poll: begun on entry, committed on exit.

        A rebalance since that poll is refused by the broker, however late the transaction is entered, and in
        whichever thread. An exception inside aborts and is raised again.

        Raises:
            TransactionAborted: the log rolled it back.
            SlotFenced, LogNotReachable: this process must end.
        """
        return self._transaction(self._member or self._consumer.consumer_group_metadata())

    @contextmanager
    def _transaction(self, member: Any) -> Iterator[KafkaScoringTransaction]:
        self._persist(self._producer.begin_transaction)
        try:
            yield KafkaScoringTransaction(self, member)
            # A rebalance may have passed while this was written; a partition lost meanwhile is another's to write.
            self._persist(self._producer.commit_transaction, _ANSWER_S)
        except (SlotFenced, LogNotReachable):
            raise
        except BaseException:
            self._persist(self._producer.abort_transaction, _ANSWER_S)
            raise

    def produce(self, topic: str, partition: int, key: str | None, event: Event) -> None:
        """Append inside the open transaction, a dead letter that is too large in chunks; a full queue is waited for."""
        contracts = self._contracts
        values = letter_values(event, contracts) if isinstance(event, DeadLettered) else (encode(event, contracts),)
        for value in values:
            self._produce(topic, partition, key, value)

    def _produce(self, topic: str, partition: int, key: str | None, value: bytes) -> None:
        while True:
            try:
                self._producer.produce(topic, value, key and key.encode(), partition)
            except BufferError:
                self._producer.poll(0.1)
            else:
                return

    def send_offsets(self, positions: Mapping[int, int], member: Any) -> None:
        """Put the group's positions into the open transaction, in the name of `member`."""
        places = [TopicPartition(SENSOR_EVENTS, *position) for position in sorted(positions.items())]
        self._persist(self._producer.send_offsets_to_transaction, places, member, _ANSWER_S)

    def close(self) -> None:
        """Leave without leaving the group: the slot's partitions wait for it through a short absence."""
        # Closed while the group's first answer is on its way, the client would wait for itself for ever.
        deadline = monotonic() + _JOINED_WITHIN_S
        while not self._joined and monotonic() < deadline:
            self._consumer.poll(0.05)
        self._consumer.close()

    def _on_assign(self, _: Any, partitions: Sequence[TopicPartition]) -> None:
        self._joined = True
        self._given = frozenset(place.partition for place in partitions)
        self._consumer.assign([])
        self._silence.expect({})

    def _on_revoke(self, _: Any, __: Sequence[TopicPartition]) -> None:
        # The eager protocol takes everything away at once; what is given next starts from the log.
        self._given = frozenset()
        self._consumer.unassign()
        self._silence.expect({})

    def _persist(self, call: Callable[..., object], *arguments: object) -> None:
        """Make a transactional call, again as long as the log says that the same call may succeed.

        Raises:
            TransactionAborted: the transaction must be, and then was, rolled back.
            SlotFenced: the writer is no longer the slot's.
            LogNotReachable: no answer. The transaction may be committed or not: only the log can tell, so this
                process must end, and the next one reads there what became of it.
        """
        began = monotonic()
        while True:
            try:
                call(*arguments)
            except (KafkaException, SystemError) as raised:
                exception = _said_by_the_log(raised)
                error = exception.args[0]
                if error.retriable() and monotonic() - began < _PATIENCE_S:
                    _log.warning("transaction_retried", cause=str(error))
                    continue
                if error.txn_requires_abort():
                    raise TransactionAborted(str(error)) from exception
                raise self._given_up(exception) from exception
            else:
                return

    def _given_up(self, exception: KafkaException) -> Exception:
        """Return what an error means that this process can't go on after."""
        error = exception.args[0]
        # A client that was fenced before tells only that it can't go on, and why in words.
        if error.code() in _FENCED or (error.fatal() and "fenced" in error.str().lower()):
            return SlotFenced(f"another process took this scorer slot: {error.str()}")
        if error.code() in _NO_ANSWER:
            return LogNotReachable(self._bootstrap, error.str())
        return LogRefused(self._bootstrap, error.str())


def _said_by_the_log(raised: Exception) -> KafkaException:
    """Return the library's error; it comes as the cause of a SystemError when reports of delivery were under way."""
    exception = raised if isinstance(raised, KafkaException) else raised.__cause__
    if not isinstance(exception, KafkaException):
        raise raised
    return exception


_NO_ANSWER: Final = frozenset(
    {
        KafkaError._TRANSPORT,  # noqa: SLF001 - the library's public constants
        KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001
        KafkaError._TIMED_OUT,  # noqa: SLF001
        KafkaError._RESOLVE,  # noqa: SLF001
        KafkaError.REQUEST_TIMED_OUT,
    }
)

_FENCED: Final = frozenset(
    {
        KafkaError._FENCED,  # noqa: SLF001 - the library's public constant
        KafkaError.FENCED_INSTANCE_ID,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.PRODUCER_FENCED,
    }
)
