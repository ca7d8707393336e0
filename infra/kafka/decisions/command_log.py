"""The command service's EventLog: one transactional name, and the command's stamp in every event's header."""

from collections.abc import Iterator, Sequence
from typing import Final

from confluent_kafka import KafkaException

from commands.event_log import CommandStamp, Event, EventNotAppended, Record, WriterFenced
from domain.positions import Position
from domain.promotion import ModelEvent
from domain.readings import moment_of
from domain.topics import MODEL_EVENTS
from infra.kafka.client.appending import Fenced, NotAppended, OutcomeUnknown, Outgoing, TransactionalAppender
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.ends import LogEnds
from infra.kafka.client.log_range import LogStalled, read_to_end
from schemas.codec import decode
from schemas.contracts import Contracts
from schemas.records import RecordBatch

TRANSACTIONAL_ID: Final = "telltale-commands"
COMMAND_ID: Final = "command-id"
COMMAND_SHA256: Final = "command-sha256"


class KafkaEventLog:
    """The EventLog over model-events of one cluster."""

    def __init__(self, bootstrap: str, contracts: Contracts) -> None:
        self._bootstrap: Final = bootstrap
        self._contracts: Final = contracts
        self._ends: Final = LogEnds(bootstrap)
        self._appender: Final = TransactionalAppender(bootstrap, transactional_id=TRANSACTIONAL_ID, contracts=contracts)
        self._position = 0

    def open(self) -> None:
        """Become the one writer: fences another, and ends what it may have left unfinished.

        Raises:
            EventNotAppended: the log does not answer.
        """
        try:
            self._appender.open()
        except NotAppended as error:
            raise EventNotAppended(str(error)) from error

    def news(self) -> Iterator[Record]:
        """Yield in log order every record not yielded before, up to the end that the broker sees now.

        Raises:
            EventNotAppended: the log does not answer, or a transaction stays open.
        """
        place = (MODEL_EVENTS, 0)
        try:
            end = self._ends.written([place])[place]
            for batch in read_to_end(self._bootstrap, *place, start=self._position, end=end):
                for record in self._records(batch):
                    self._position = record.position.offset + 1
                    yield record
        except (LogNotReachable, LogStalled, KafkaException) as error:
            raise EventNotAppended(f"model-events can't be read, so nothing can be decided: {error}") from error
        self._position = max(self._position, end)

    def append(self, key: str, events: Sequence[Event], *, stamp: CommandStamp) -> None:
        """Append all events under one key, in order, all or none; returns once they are committed.

        Raises:
            EventNotAppended: nothing is visible.
            WriterFenced: another writer has taken over, or the log did not say whether it took them: this process
                must end, and the next one sees in the log what became of them.
        """
        headers = {COMMAND_ID: stamp.command_id, COMMAND_SHA256: stamp.body_sha256}
        try:
            self._appender.append([Outgoing(key=key, event=event, headers=headers) for event in events])
        except NotAppended as error:
            raise EventNotAppended(str(error)) from error
        except (Fenced, OutcomeUnknown) as error:
            raise WriterFenced(str(error)) from error

    def _records(self, batch: RecordBatch) -> Iterator[Record]:
        for place, value in enumerate(batch.values):
            event = decode(value, self._contracts)
            if isinstance(event, ModelEvent):
                yield Record(
                    position=Position(batch.topic, batch.partition, int(batch.offsets[place])),
                    appended_at=moment_of(int(batch.appended_at_us[place])),
                    event=event,
                    stamp=_stamp(dict(batch.headers[place] or ())),
                )


def _stamp(headers: dict[str, bytes | None]) -> CommandStamp | None:
    command_id, body = headers.get(COMMAND_ID), headers.get(COMMAND_SHA256)
    if command_id is None or body is None:
        return None
    return CommandStamp(command_id=command_id.decode(), body_sha256=body.decode())
