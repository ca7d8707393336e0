"""Records that people tell every build to pass over."""

from dataclasses import dataclass

from domain.dead_letters import RecordSkipped
from domain.positions import Position
from domain.rejections import CommandRejected, ReasonMissing


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipRecord:
    """Pass over one record from now on."""

    position: Position
    because: str
    actor: str


class NoSuchPartition(CommandRejected):
    """The log has no such topic, or no such partition of it."""


class NoSuchRecord(CommandRejected):
    """The log holds no record there: nothing is skipped in advance."""


def decide(skipped: RecordSkipped | None, command: SkipRecord, *, end: int | None) -> tuple[RecordSkipped, ...]:
    """Return the events `command` causes; () when the record is passed over already.

    end: offset after the last record of the partition; None: the log has no such partition.

    Raises:
        ReasonMissing: `because` is blank.
        NoSuchPartition, NoSuchRecord: the log holds no record there.
    """
    at = command.position
    if not command.because.strip():
        raise ReasonMissing("--because must say why")
    if end is None:
        raise NoSuchPartition(f"the log has no {at.topic}/{at.partition}")
    if skipped is not None:
        return ()
    if at.offset >= end:
        raise NoSuchRecord(
            f"{at} is not in the log: {at.topic}/{at.partition} ends at {end}; nothing is skipped in advance"
        )
    return (RecordSkipped(position=str(at), because=command.because, actor=command.actor),)


def evolve(skipped: RecordSkipped | None, event: object) -> RecordSkipped | None:
    """Return what holds after `event`: the newest reason counts."""
    return event if isinstance(event, RecordSkipped) else skipped
