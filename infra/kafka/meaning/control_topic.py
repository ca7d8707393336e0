"""The one reader of control topics: it gives out the events that belong there, and passes over everything else.

Anybody who reaches the broker can write into a control topic. Such a record must end nobody: what can't be decoded, or
is no event of its topic, is passed over, reported once in the process's log, and shown by `telltale doctor`.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Thread
from typing import Final

import structlog
from confluent_kafka import Consumer, TopicPartition

from domain.positions import Position
from domain.readings import moment_of
from domain.topics import TOPICS
from infra.kafka.client.clients import consumer
from infra.kafka.client.ends import LogEnds, Place
from infra.kafka.client.log_range import read_to_end
from infra.kafka.client.messages import batch_of, split
from infra.kafka.client.silence import Silence
from infra.kafka.meaning.contracts import ContractsFollower
from infra.kafka.meaning.decoded import GrowingContracts
from infra.kafka.meaning.passed_over import PassedOver, report_once
from schemas.codec import Event, decode
from schemas.contracts import Contracts, UnknownSchemaId
from schemas.records import RecordBatch
from schemas.wire import BadRecord

_AT_ONCE: Final = 1000
_KEPT: Final = 1000
"""Passed-over records that a reader remembers: the newest ones."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRecord:
    """One event of a control topic: where it stands, when the log took it, and what came with it."""

    position: Position
    appended_at: datetime
    key: bytes | None
    headers: Mapping[str, bytes | None]
    event: Event


class ControlTopic:
    """One control topic in log order; `position` is the next offset that it has not yet given out.

    `catch_up` reads to the end that the broker sees, waiting for open transactions; `news` returns what has come
    since without waiting.
    """

    def __init__(self, bootstrap: str, topic: str, contracts: Contracts) -> None:
        """Prepare; `contracts` grows when a record names an id that it lacks."""
        self._bootstrap: Final = bootstrap
        self._place: Final[Place] = (topic, 0)
        self._decoder: Final = ControlDecoder(ContractsFollower(bootstrap, contracts))
        self._client: Consumer | None = None
        self._silence: Final = Silence(bootstrap)
        self.position = 0

    @property
    def passed_over(self) -> Sequence[PassedOver]:
        """Return the records that are none of the topic's events, as far as this reader has come."""
        return self._decoder.passed_over

    def catch_up(self) -> Iterator[ControlRecord]:
        """Yield everything from `position` to the end of the topic now.

        Raises:
            LogNotReachable: no broker answers.
            LogStalled: a transaction stays open below the end.
        """
        end = LogEnds(self._bootstrap).written([self._place])[self._place]
        for batch in read_to_end(self._bootstrap, *self._place, start=self.position, end=end):
            yield from self._given_out(batch)
        self.position = max(self.position, end)

    def news(self, timeout_s: float = 0.0) -> Iterator[ControlRecord]:
        """Yield what has come since; waits up to `timeout_s` for the first. A client that stands still is replaced."""
        if self._client is None:
            self._client = consumer(self._bootstrap, fetch_wait_max_ms=100)
            self._client.assign([TopicPartition(*self._place, self.position)])
            self._silence.expect({self._place: self.position})
        messages = self._client.consume(_AT_ONCE, timeout=timeout_s)
        records, ends = split(messages)
        self._silence.asked(full=len(messages) >= _AT_ONCE)
        self._silence.heard(ends)
        if records:
            yield from self._given_out(batch_of(self._place, records))
            self._silence.heard({self._place: self.position})
        elif self._silence.missed():
            _log.warning("log_client_renewed", topic=self._place[0], position=self.position)
            # In a thread of its own: it waits for answers that may never come.
            Thread(target=self._client.close, name="close-log-client", daemon=True).start()
            self._client = None

    def close(self) -> None:
        """Leave the broker."""
        if self._client is not None:
            self._client.close()

    def _given_out(self, batch: RecordBatch) -> Iterator[ControlRecord]:
        for record in self._decoder.events(batch):
            yield record
            self.position = record.position.offset + 1
        self.position = batch.next_offset


class ControlDecoder:
    """Decodes batches of control topics, whichever way they were read."""

    def __init__(self, growing: GrowingContracts) -> None:
        self._growing: Final = growing
        self._passed_over: Final[deque[PassedOver]] = deque(maxlen=_KEPT)

    @property
    def passed_over(self) -> Sequence[PassedOver]:
        """Return the records that were passed over, oldest first."""
        return tuple(self._passed_over)

    def events(self, batch: RecordBatch) -> Iterator[ControlRecord]:
        """Yield the events of the batch's topic, in order.

        Raises:
            LogNotReachable, LogStalled: a record names an unknown schema id, and topic contracts can't be read.
        """
        # Whoever writes an event publishes its schema first: one look, after the batch was read, is enough for all.
        looked = False
        for row, value in enumerate(batch.values):
            position = Position(batch.topic, batch.partition, int(batch.offsets[row]))
            try:
                try:
                    event = decode(value, self._growing.contracts)
                except UnknownSchemaId:
                    if not looked:
                        self._growing.refresh()
                        looked = True
                    event = decode(value, self._growing.contracts)
            except (BadRecord, UnknownSchemaId) as problem:
                error = problem.error if isinstance(problem, BadRecord) else "unknown_schema"
                self._pass_over(PassedOver(position=position, error=error, reason=str(problem)))
                continue
            if (name := type(event).__name__) not in TOPICS[batch.topic].events:
                reason = f"{name} does not belong into {batch.topic}"
                self._pass_over(PassedOver(position=position, error="misplaced", reason=reason))
                continue
            yield ControlRecord(
                position=position,
                appended_at=moment_of(int(batch.appended_at_us[row])),
                key=batch.keys[row],
                headers=dict(batch.headers[row] or ()),
                event=event,
            )

    def _pass_over(self, passed: PassedOver) -> None:
        self._passed_over.append(passed)
        report_once(passed)


def control_records(bootstrap: str, topic: str, contracts: Contracts) -> Iterator[ControlRecord]:
    """Yield everything that a control topic holds now; raises what `ControlTopic.catch_up` raises."""
    yield from ControlTopic(bootstrap, topic, contracts).catch_up()
