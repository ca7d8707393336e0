"""The log as the command service needs it: read what has been said, append what was decided."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.positions import Position
from domain.promotion import ModelEvent

Event = ModelEvent
"""Events that commands are decided by, or lead to."""


class EventNotAppended(Exception):
    """The log did not take the events; the same command again is safe."""


class WriterFenced(Exception):
    """The process may not write any more: another has taken over, or the log left it in doubt. It must end.

    The next one reads in the log what became of the events.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandStamp:
    """Which command an event follows from; stands in the header of each of its events.

    command_id: the client's Idempotency-Key. body_sha256: hash of what the command asks for, so that the same id with
    another wish is found out.
    """

    command_id: str
    body_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An event in the log; `stamp` is None when no command led to it."""

    position: Position
    appended_at: datetime
    event: Event
    stamp: CommandStamp | None


class EventLog(Protocol):
    """The topics that commands are decided by, with one writer at a time."""

    def open(self) -> None:
        """Become the one writer: fences another, and ends what it may have left unfinished.

        Raises:
            EventNotAppended: the log does not answer.
        """

    def news(self) -> Iterator[Record]:
        """Yield in log order every record not yielded before, up to the end that the log has now.

        Waits for transactions that are still open below that end: a reader that stopped there would decide on a past
        that is already changed.

        Raises:
            EventNotAppended: the log does not answer, or a transaction stays open.
        """

    def append(self, key: str, events: Sequence[Event], *, stamp: CommandStamp) -> None:
        """Append all events under one key, in order, all or none; returns once they are committed.

        Raises:
            EventNotAppended: nothing is visible.
            WriterFenced: another writer has taken over, or the log did not say whether it took them.
        """
