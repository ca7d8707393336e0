"""An EventLog in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from commands.event_log import Following, Record, WriterFenced
from commands.stamps import CommandStamp
from domain.appending import EventNotAppended
from domain.command_answers import CommandAnswered
from domain.positions import Position
from domain.topics import COMMAND_ANSWERS, MODEL_EVENTS, SENSOR_EVENTS
from tests.builders import NOON


@dataclass
class SharedLog:
    """A topic, written by several FakeEventLogs; the last one that opened may write.

    `answers`: command-answers; `beside`: events of other topics; `keys`: those that were appended
    under. `loses_answers`: appends that succeed and are reported
    as in doubt.
    """

    topic: str = MODEL_EVENTS
    records: list[Record[Any]] = field(default_factory=list)
    answers: list[Record[Any]] = field(default_factory=list)
    beside: list[Any] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    writer: object = None
    reachable: bool = True
    loses_answers: int = 0

    def put(self, event: Any, stamp: CommandStamp | None = None) -> Record[Any]:
        topic, held = (
            (COMMAND_ANSWERS, self.answers) if isinstance(event, CommandAnswered) else (self.topic, self.records)
        )
        record = Record(
            position=Position(topic, 0, len(held)),
            appended_at=NOON + timedelta(seconds=len(held)),
            event=event,
            stamp=stamp,
        )
        held.append(record)
        return record


class FakeEventLog:
    """One writer's view of a SharedLog."""

    def __init__(self, shared: SharedLog) -> None:
        self._shared = shared
        self._given = [0, 0]

    def open(self) -> None:
        self._require_reachable()
        self._shared.writer = self

    def news(self) -> Iterator[Record[Any]]:
        self._require_reachable()
        for place, held in enumerate((self._shared.records, self._shared.answers)):
            while self._given[place] < len(held):
                self._given[place] += 1
                yield held[self._given[place] - 1]

    def append(self, key: str, events: Sequence[Any] | Following[Any], *, stamp: CommandStamp) -> None:
        self._require_reachable()
        if self._shared.writer is not self:
            raise WriterFenced("another process took over")
        if isinstance(events, Following):
            first = 1001 + len(self._shared.beside)
            self._shared.beside += [one.event for one in events.beside]
            where = [Position(SENSOR_EVENTS, 0, first + place) for place in range(len(events.beside))]
            events = events.events(where)
        for event in events:
            self._shared.keys.append(key)
            self._shared.put(event, stamp)
        if self._shared.loses_answers:
            self._shared.loses_answers -= 1
            raise WriterFenced("the log did not say whether it took them")

    def _require_reachable(self) -> None:
        if not self._shared.reachable:
            raise EventNotAppended("the log does not answer")
