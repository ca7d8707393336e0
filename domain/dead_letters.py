"""Records that can't be accepted, what became of them, and those that people told the builds to pass over.

A dead letter is open until people say what becomes of it. Redriven is final, since the log now holds its record;
one that was given up can still be redriven.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


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

REDRIVEN_FROM: Final = "telltale-redriven-from"
"""Header of a redriven record: position of the record it stands for."""


class DeadLetterState(StrEnum):
    """What became of a dead letter."""

    OPEN = "open"
    REDRIVEN = "redriven"
    DISCARDED = "discarded"


def decisions_by_position(events: Iterable[object]) -> Mapping[str, DeadLetterDecision]:
    """Return the decision that holds for each dead letter: a redriving, else the first discarding."""
    held: dict[str, DeadLetterDecision] = {}
    for event in events:
        match event:
            case DeadLetterRedriven() if not isinstance(held.get(event.position), DeadLetterRedriven):
                held[event.position] = event
            case DeadLetterDiscarded():
                held.setdefault(event.position, event)
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
