"""Where every command is carried out: one at a time, decided on all that the log says, answered once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final, Protocol

from commands.event_log import CommandStamp, Event, EventLog, Record


class CommandIdReused(Exception):
    """The same Idempotency-Key came with another wish."""

    def __init__(self, command_id: str) -> None:
        super().__init__(f"Idempotency-Key {command_id!r} belongs to another command: take a new one for this wish")


class Fold(Protocol):
    """State that commands are decided by."""

    def fold(self, record: Record) -> None:
        """Take in one record, in log order; never refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a command: its events' records, none when it changes nothing.

    repeated: True when the same command had been answered before; these are the first answer's records.
    """

    records: tuple[Record, ...]
    repeated: bool = False


class CommandDesk:
    """Carries out commands on one EventLog; `folds` are kept up to date with it."""

    def __init__(self, log: EventLog, folds: Sequence[Fold]) -> None:
        self._log: Final = log
        self._folds: Final = tuple(folds)
        self._answers: Final[dict[str, list[Record]]] = {}
        self._lock: Final = Lock()

    def open(self) -> None:
        """Become the one writer and fold everything there is; a crash in between leaves nothing behind.

        Raises:
            EventNotAppended: the log does not answer.
        """
        with self._lock:
            self._log.open()
            self._catch_up()

    def perform(self, stamp: CommandStamp, *, key: str, decide: Callable[[], Sequence[Event]]) -> Answer:
        """Carry out one command.

        1. Wait until no other command is being carried out. 2. Fold what has been appended since, by anybody. 3. Answer
        a repeated command from the fold. 4. Decide. 5. Append the events in one transaction, the command's id in each
        one's header. 6. Fold them, read back from the log.
        A crash before the end of 5 leaves nothing visible; after it the same command again finds its answer at 3.

        Raises:
            CommandRejected: a rule forbids it.
            CommandIdReused: its id belongs to another command.
            EventNotAppended: the log did not take it; the same command again is safe.
            WriterFenced: this process may not write any more and must end; the same command again is safe.
        """
        with self._lock:  # Step 1
            self._catch_up()  # Step 2
            if first := self._first_answer(stamp):  # Step 3
                return first
            events = decide()  # Step 4
            if not events:
                return Answer(records=())
            self._log.append(key, events, stamp=stamp)  # Step 5
            self._catch_up()  # Step 6
            return Answer(records=tuple(self._answers[stamp.command_id]))

    def _first_answer(self, stamp: CommandStamp) -> Answer | None:
        records = self._answers.get(stamp.command_id)
        if records is None:
            return None
        if any(record.stamp != stamp for record in records):
            raise CommandIdReused(stamp.command_id)
        return Answer(records=tuple(records), repeated=True)

    def _catch_up(self) -> None:
        for record in self._log.news():
            if record.stamp is not None:
                self._answers.setdefault(record.stamp.command_id, []).append(record)
            for fold in self._folds:
                fold.fold(record)
