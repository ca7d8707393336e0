"""What every command was answered, so that the same one again gets the same answer."""

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from commands.event_log import Record
from commands.stamps import CommandStamp
from domain.command_answers import CommandAnswered
from domain.positions import Position
from domain.rejections import CommandRejected, Standing

Event = TypeVar("Event")


class CommandIdReused(Exception):
    """The same Idempotency-Key came with another request."""

    def __init__(self, command_id: str) -> None:
        super().__init__(f"Idempotency-Key {command_id!r} belongs to another command: take a new one for this request")


class RejectedBefore(CommandRejected):
    """The same command was refused before; it stays refused, with the answer of then."""

    def __init__(self, answered: CommandAnswered, standing: Standing | None) -> None:
        super().__init__(answered.message)
        self._rule = answered.rule or ""
        self.standing = standing

    @property
    def rule(self) -> str:
        """Return the rule that was broken when the command came first."""
        return self._rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[Event]):
    """What became of a command: its events' records, none when it changed nothing.

    standing: then the record that said so already. repeated: True when the same command had been answered before; this
    is the first answer.
    """

    records: tuple[Record[Event], ...]
    standing: Record[Event] | None = None
    repeated: bool = False

    @property
    def is_new(self) -> bool:
        """Return whether this very request changed something."""
        return bool(self.records) and not self.repeated

    @property
    def record(self) -> Record[Event]:
        """Return the record that holds the answer: the newest event it led to, or the one that said so already.

        Raises:
            LookupError: the log holds none.
        """
        record = self.records[-1] if self.records else self.standing
        if record is None:
            raise LookupError("no record holds the answer to this command")
        return record


class Answers(Generic[Event]):
    """First answers by command id, folded from the log."""

    def __init__(self) -> None:
        self._records: Final[dict[str, list[Record[Event]]]] = {}
        self._kept: Final[dict[str, Record[CommandAnswered]]] = {}
        self._by_position: Final[dict[Position, Record[Event]]] = {}

    def fold(self, record: Record[Event]) -> None:
        """Take in an event of the stream."""
        self._by_position[record.position] = record
        if record.stamp is not None:
            self._records.setdefault(record.stamp.command_id, []).append(record)

    def keep(self, answered: Record[CommandAnswered]) -> None:
        """Take in an answer without events; the first one counts."""
        if answered.stamp is not None:
            self._kept.setdefault(answered.stamp.command_id, answered)

    def first(self, stamp: CommandStamp) -> Answer[Event] | None:
        """Return the first answer to a command; None: it is new.

        Raises:
            CommandRejected: it was refused.
            CommandIdReused: its id belongs to another command.
        """
        records, kept = self._records.get(stamp.command_id), self._kept.get(stamp.command_id)
        if records is not None:
            if any(record.stamp != stamp for record in records):
                raise CommandIdReused(stamp.command_id)
            return Answer(records=tuple(records))
        if kept is None:
            return None
        if kept.stamp != stamp:
            raise CommandIdReused(stamp.command_id)
        standing = self._standing(kept.event)
        if kept.event.rule is None:
            return Answer(records=(), standing=standing)
        raise RejectedBefore(kept.event, standing_of(standing))

    def _standing(self, answered: CommandAnswered) -> Record[Event] | None:
        return None if answered.standing is None else self._by_position.get(Position.parse(answered.standing))


def standing_of(record: Record[Event] | None) -> Standing | None:
    """Return who decided what a record holds, and when."""
    if record is None:
        return None
    return Standing(actor=getattr(record.event, "actor", None), at=record.appended_at, position=record.position)
