"""The log as the write side needs it: read what was decided, append what is decided now."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from commands.stamps import CommandStamp
from domain.command_answers import CommandAnswered
from domain.positions import Position

Event = TypeVar("Event")
Event_co = TypeVar("Event_co", covariant=True)


class WriterFenced(Exception):
    """The writer may not go on: another has taken over its name, or the log left it in doubt.

    Whoever opens the log next reads there what became of the events.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Generic[Event_co]):
    """An event in the log; `stamp` is None when no command led to it."""

    position: Position
    appended_at: datetime
    event: Event_co
    stamp: CommandStamp | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """An event of another topic that must be in the log together with a decision."""

    key: str
    event: object
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Following(Generic[Event]):
    """Events that are appended with others of another topic, all or none; they may name where these stand."""

    beside: Sequence[Beside]
    events: Callable[[Sequence[Position]], Sequence[Event]]


class EventLog(Protocol[Event]):
    """One stream of events, with one writer at a time."""

    def open(self) -> None:
        """Become the one writer: shuts another out, and ends what it may have left unfinished.

        Raises:
            EventNotAppended: the log does not answer.
        """

    def news(self) -> Iterator[Record[Event | CommandAnswered]]:
        """Yield every record not yielded before, up to the end that the log has now, the stream's in log order.

        Waits for transactions that are still open below that end: a reader that stopped there would decide on a past
        that is already changed.

        Raises:
            EventNotAppended: the log does not answer, or a transaction stays open.
        """

    def append(
        self, key: str, events: Sequence[Event | CommandAnswered] | Following[Event], *, stamp: CommandStamp
    ) -> None:
        """Append all events under one key, in order, all or none; returns once they are committed.

        Raises:
            EventNotAppended: nothing is visible.
            WriterFenced: another writer has taken over, or the log did not say whether it took them.
        """
