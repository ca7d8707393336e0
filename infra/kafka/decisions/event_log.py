"""The EventLog on Kafka: one topic, one transactional name, and the command's stamp in every event's header."""

from collections.abc import Iterator, Sequence
from typing import Final, Generic, TypeVar, cast

from confluent_kafka import KafkaException

from commands.aggregates import Fold
from commands.event_log import Beside, Following, Record, WriterFenced
from commands.stamps import CommandStamp
from commands.write_side import SHARED, WriteSide
from domain.appending import EventNotAppended
from domain.command_answers import CommandAnswered
from domain.topics import COMMAND_ANSWERS, TOPICS
from infra.kafka.client.appending import Fenced, NotAppended, OutcomeUnknown, Outgoing, TransactionalAppender
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.ends import LogEnds, Place
from infra.kafka.client.log_range import LogStalled, read_to_end
from infra.kafka.meaning.contracts import ContractsFollower
from infra.kafka.meaning.control_topic import ControlDecoder, ControlRecord
from schemas.codec import Event as AnyEvent
from schemas.contracts import Contracts

COMMAND_ID: Final = "command-id"
COMMAND_SHA256: Final = "command-sha256"

Event = TypeVar("Event")


class KafkaEventLog(Generic[Event]):
    """The EventLog over one topic of one cluster.

    writer: the transactional id; whoever opens a log of the same one shuts the others out. keeps_answers: commands
    carry ids that their senders chose, so topic command-answers is read too.
    """

    def __init__(
        self, bootstrap: str, contracts: Contracts, topic: str, *, writer: str, keeps_answers: bool = False
    ) -> None:
        self._bootstrap: Final = bootstrap
        self._topic: Final = topic
        self._ends: Final = LogEnds(bootstrap)
        self._decoder: Final = ControlDecoder(ContractsFollower(bootstrap, contracts))
        self._appender: Final = TransactionalAppender(bootstrap, transactional_id=writer, contracts=contracts)
        places = [(topic, partition) for partition in range(TOPICS[topic].partitions)]
        answers = [(COMMAND_ANSWERS, 0)] if keeps_answers else []
        self._next: Final[dict[Place, int]] = dict.fromkeys([*places, *answers], 0)

    def open(self) -> None:
        """Become the one writer. See `EventLog`."""
        try:
            self._appender.open()
        except NotAppended as error:
            raise EventNotAppended(str(error)) from error

    def news(self) -> Iterator[Record[Event | CommandAnswered]]:
        """Yield every record not yielded before. See `EventLog`."""
        try:
            ends = self._ends.written(self._next)
            for place in self._next:
                yield from self._until(place, ends[place])
        except (LogNotReachable, LogStalled, KafkaException) as error:
            raise EventNotAppended(f"{self._topic} can't be read, so nothing can be decided: {error}") from error

    def append(
        self, key: str, events: Sequence[Event | CommandAnswered] | Following[Event], *, stamp: CommandStamp
    ) -> None:
        """Append all events under one key, in order, all or none. See `EventLog`."""
        headers = {COMMAND_ID: stamp.command_id, COMMAND_SHA256: stamp.body_sha256}

        def own(some: Sequence[Event | CommandAnswered]) -> list[Outgoing]:
            return [Outgoing(key=key, event=cast("AnyEvent", event), headers=headers) for event in some]

        try:
            if isinstance(events, Following):
                following = events
                self._appender.append(_beside(following.beside), then=lambda where: own(following.events(where)))
            else:
                self._appender.append(own(events))
        except NotAppended as error:
            raise EventNotAppended(str(error)) from error
        except (Fenced, OutcomeUnknown) as error:
            raise WriterFenced(str(error)) from error

    def _until(self, place: Place, end: int) -> Iterator[Record[Event | CommandAnswered]]:
        for batch in read_to_end(self._bootstrap, *place, start=self._next[place], end=end):
            for record in self._decoder.events(batch):
                self._next[place] = record.position.offset + 1
                yield Record(
                    position=record.position,
                    appended_at=record.appended_at,
                    event=cast("Event | CommandAnswered", record.event),
                    stamp=_stamp(record),
                )
        self._next[place] = max(self._next[place], end)


def shared_write_side(
    bootstrap: str, contracts: Contracts, topic: str, fold: Fold[object, Event], *, writer: str
) -> WriteSide[Event]:
    """Return where one process among several of one writer's name carries out commands of a topic."""
    log: KafkaEventLog[Event] = KafkaEventLog(bootstrap, contracts, topic, writer=writer)
    return WriteSide(log, [fold], takeovers=SHARED)


def _beside(events: Sequence[Beside]) -> list[Outgoing]:
    return [Outgoing(key=one.key, event=cast("AnyEvent", one.event), headers=one.headers) for one in events]


def _stamp(record: ControlRecord) -> CommandStamp | None:
    command_id, body = record.headers.get(COMMAND_ID), record.headers.get(COMMAND_SHA256)
    if command_id is None or body is None:
        return None
    return CommandStamp(command_id=command_id.decode(errors="replace"), body_sha256=body.decode(errors="replace"))
