"""Records that can't be accepted, what became of them, and those that people told the builds to pass over.

A dead letter is open until people say what becomes of it. Redriven is final, since the log now holds its record;
one that was given up can still be redriven.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.rejections import CommandRejected, ReasonMissing


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """One header of a record."""

    name: str
    value: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLettered:
    """A record that the system can't accept, kept whole. Schema: telltale.DeadLettered.avsc."""

    position: str
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]
    error: str
    message: str
    stage: str
    chunk: int = 0
    chunks: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSkipped:
    """A person, or the scorer, told everybody to pass over one record. Schema: telltale.RecordSkipped.avsc."""

    position: str
    because: str
    actor: str
    unread: bool = False
    """The scorer passed over it without reading it, so every replay of its judging has to as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterRedriven:
    """Its record, repaired or as it was, was appended again. Schema: telltale.DeadLetterRedriven.avsc."""

    position: str
    redriven_as: str
    because: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterDiscarded:
    """A person gave the record up. Schema: telltale.DeadLetterDiscarded.avsc."""

    position: str
    because: str
    actor: str


DeadLetterDecision = DeadLetterRedriven | DeadLetterDiscarded

SkipEvent = RecordSkipped | DeadLetterDecision
"""Events of topic skips."""

REDRIVEN_FROM: Final = "telltale-redriven-from"
"""Header of a redriven record: position of the record it stands for."""


class NoSuchDeadLetter(CommandRejected):
    """No dead letter holds a record of this position."""


class StillNotAcceptable(CommandRejected):
    """What is to be appended would be refused again."""


class AlreadyRedriven(CommandRejected):
    """The log holds its record by now; it can't be given up any more."""


class DeadLetterState(StrEnum):
    """What became of a dead letter."""

    OPEN = "open"
    REDRIVEN = "redriven"
    DISCARDED = "discarded"


def discard(held: DeadLetterDecision | None, wanted: DeadLetterDiscarded) -> tuple[DeadLetterDiscarded, ...]:
    """Return what giving a record up leads to; () when it was given up before.

    Raises:
        ReasonMissing: its reason is blank.
        AlreadyRedriven: the log holds the record by now.
    """
    if not wanted.because.strip():
        raise ReasonMissing('giving a record up needs a reason: --because "…"')
    if isinstance(held, DeadLetterRedriven):
        raise AlreadyRedriven(
            f"{held.actor} redrove {held.position} as {held.redriven_as}: that record stands", because_of=held
        )
    return (wanted,) if held is None else ()


def evolve(held: DeadLetterDecision | None, event: object) -> DeadLetterDecision | None:
    """Return the decision that holds after `event`: a redriving, else the first discarding."""
    match event:
        case DeadLetterRedriven() if not isinstance(held, DeadLetterRedriven):
            return event
        case DeadLetterDiscarded() if held is None:
            return event
        case _:
            return held


def decisions_by_position(events: Iterable[object]) -> Mapping[str, DeadLetterDecision]:
    """Return the decision that holds for each dead letter."""
    held: dict[str, DeadLetterDecision] = {}
    for event in events:
        if isinstance(event, DeadLetterDecision) and (decision := evolve(held.get(event.position), event)):
            held[event.position] = decision
    return held


def state_of(decision: DeadLetterDecision | None) -> DeadLetterState:
    """Return the state of a dead letter on which `decision` holds."""
    match decision:
        case DeadLetterRedriven():
            return DeadLetterState.REDRIVEN
        case DeadLetterDiscarded():
            return DeadLetterState.DISCARDED
        case None:
            return DeadLetterState.OPEN
