"""The command SkipRecord: every build passes over one record."""

from collections.abc import Callable
from dataclasses import dataclass

from commands.aggregates import Aggregates
from commands.stamps import stamp_of
from commands.write_side import Request, WriteSide
from domain.dead_letters import RecordSkipped, SkipEvent
from domain.positions import Position
from domain.skips import SkipRecord, decide, evolve

Skips = Aggregates[RecordSkipped | None, SkipEvent]
"""What was said of each record, by its position."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """The decision that holds, and where it stands; `repeated` when it held before."""

    decision: RecordSkipped
    position: Position
    repeated: bool


def skips_fold() -> Skips:
    """Return the fold of topic skips that skipping is decided on."""
    return Aggregates(
        first=None,
        key_of=lambda event: event.position if isinstance(event, RecordSkipped) else None,
        evolve=lambda skipped, record: evolve(skipped, record.event),
    )


@dataclass(frozen=True, slots=True)
class SkipRecordHandler:
    """Carries out SkipRecord; `end_of` gives the end of a record's partition, None when the log has none."""

    write_side: WriteSide[SkipEvent]
    skips: Skips
    end_of: Callable[[Position], int | None]

    def handle(self, command: SkipRecord) -> Skipped:
        """Append RecordSkipped, unless the record is passed over already.

        Raises:
            ReasonMissing, NoSuchPartition, NoSuchRecord: see `domain.skips.decide`.
            EventNotAppended: the log did not take it.
        """
        answer = self.write_side.perform(
            Request.of(
                command,
                stamp_of(command),
                fold=self.skips,
                key=str(command.position),
                decide=lambda skipped: decide(skipped, command, end=self.end_of(command.position)),
            )
        )
        event = answer.record.event
        if not isinstance(event, RecordSkipped):
            raise TypeError(f"{command.position}: the log does not agree with its own fold")
        return Skipped(event, answer.record.position, repeated=not answer.is_new)
