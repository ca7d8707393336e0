"""Appending a few events in one transaction, under a name that only one process can hold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message

from domain.positions import Position
from domain.topics import topic_of
from infra.kafka.client.clients import producer
from schemas.codec import Event, encode
from schemas.contracts import Contracts

TRANSACTION_TIMEOUT_MS: Final = 10_000
"""After so long without a word the broker ends a dead writer's transaction, and those who wait for it go on."""

_ANSWER_S: Final = 10.0
_COMMIT_S: Final = 30.0
"""A commit that is not answered is asked again, never aborted: it may already have happened."""


class NotAppended(Exception):
    """The broker did not take the transaction; nothing of it is visible."""


class OutcomeUnknown(Exception):
    """The broker did not say whether the transaction was committed; only the log can tell."""


class Fenced(Exception):
    """Another process has taken this writer's name; this one may never write again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """An event on its way into its topic."""

    key: str | None
    event: Event
    headers: Mapping[str, str] = field(default_factory=dict)
    topic: str | None = None
    """None: the event's own topic."""
    partition: int | None = None
    """None: the one that the key names."""


class _Report:
    """The broker's word on one record."""

    position: Position

    def __call__(self, error: KafkaError | None, message: Message) -> None:
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        if error is None and topic is not None and partition is not None and offset is not None:
            self.position = Position(topic, partition, offset)


class TransactionalAppender:
    """Appends events, all or none; `transactional_id` is static, so a second process with it fences the first."""

    def __init__(self, bootstrap: str, *, transactional_id: str, contracts: Contracts) -> None:
        self._bootstrap: Final = bootstrap
        self._transactional_id: Final = transactional_id
        self._contracts: Final = contracts
        self._producer: Any = None

    def open(self) -> None:
        """Take the name: fences whoever held it, and ends the transaction it may have left open.

        Raises:
            NotAppended: no broker answers.
        """
        opened = producer(
            self._bootstrap,
            transactional_id=self._transactional_id,
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            linger_ms=0,
        )
        try:
            _until_answered(lambda: opened.init_transactions(_ANSWER_S), _COMMIT_S)
        except (KafkaException, OutcomeUnknown) as error:
            raise NotAppended(f"{self._transactional_id} can't begin: {error}") from error
        self._producer = opened

    def append(
        self, outgoing: Sequence[Outgoing], *, then: Callable[[Sequence[Position]], Sequence[Outgoing]] | None = None
    ) -> tuple[Position, ...]:
        """Append all events in one transaction and return their positions.

        1. Encode. 2. Begin. 3. Produce, and wait for the broker's word on each record, which says where it stands; then
        the same with the events that `then` makes of these positions. 4. Commit, repeating the same call while the
        broker asks for it.
        A crash before the end of 4 leaves records that no committed reader sees; the next `open` ends them.

        Raises:
            NotAppended: nothing is visible; the same call may succeed later.
            OutcomeUnknown: the commit was not answered in time; this appender must be opened again.
            Fenced: another process has the name.
        """
        encoded = [encode(one.event, self._contracts) for one in outgoing]  # Step 1
        try:
            self._producer.begin_transaction()  # Step 2
            reports = self._produce(outgoing, encoded)  # Step 3
            if then is not None:
                following = then([report.position for report in reports])
                reports += self._produce(following, [encode(one.event, self._contracts) for one in following])
            _until_answered(lambda: self._producer.commit_transaction(_ANSWER_S), _COMMIT_S)  # Step 4
        except KafkaException as error:
            self._give_up(error)
        except SystemError as error:
            # A fatal error is raised in the midst of the reports of the records it hit, which then can't return.
            if not isinstance(error.__cause__, KafkaException):
                raise
            self._give_up(error.__cause__)
        return tuple(report.position for report in reports)

    def _produce(self, outgoing: Sequence[Outgoing], encoded: Sequence[bytes]) -> list[_Report]:
        reports = [_Report() for _ in outgoing]
        for one, value, report in zip(outgoing, encoded, reports, strict=True):
            self._producer.produce(
                one.topic or topic_of(type(one.event).__name__).name,
                key=one.key and one.key.encode(),
                value=value,
                **({} if one.partition is None else {"partition": one.partition}),
                headers=[(name, text.encode()) for name, text in one.headers.items()],
                on_delivery=report,
            )
        self._producer.flush(_ANSWER_S)
        return reports

    def _give_up(self, error: KafkaException) -> None:
        cause: KafkaError = error.args[0]
        if cause.fatal() or cause.code() in _FENCED:
            raise Fenced(f"another process took over {self._transactional_id}: {cause.str()}") from error
        if not cause.txn_requires_abort():
            raise NotAppended(f"the log did not take the events: {cause.str()}") from error
        try:
            _until_answered(lambda: self._producer.abort_transaction(_ANSWER_S), _COMMIT_S)
        except KafkaException as abort_error:
            raise Fenced(f"{self._transactional_id} could not abort: {abort_error.args[0].str()}") from abort_error
        raise NotAppended(f"the log did not take the events: {cause.str()}") from error


_FENCED: Final = frozenset({KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED})  # noqa: SLF001


def _until_answered(call: Any, deadline_s: float) -> None:
    """Repeat a transactional call while its error is retriable.

    Raises:
        OutcomeUnknown: still no answer after `deadline_s`.
        KafkaException: an error that repeating does not mend.
    """
    started = monotonic()
    while True:
        try:
            call()
        except KafkaException as error:
            if not error.args[0].retriable():
                raise
            if monotonic() - started > deadline_s:
                raise OutcomeUnknown(error.args[0].str()) from error
        else:
            return
