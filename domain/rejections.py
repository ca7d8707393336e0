"""Why a command is not carried out: a rule forbids it, and the class of the exception names the rule."""

from dataclasses import dataclass
from datetime import datetime

from domain.positions import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands in the way of a command: the record of an earlier decision, who took it and when."""

    actor: str | None
    at: datetime
    position: Position


class CommandRejected(Exception):
    """A rule forbids the command; the message names what stands in its way and what to do.

    because_of: the event that stands in its way, where there is one. The write side finds its record in the log and
    sets `standing`, so that whoever asked learns who decided it and when.
    """

    def __init__(self, message: str, *, because_of: object = None) -> None:
        super().__init__(message)
        self.because_of = because_of
        self.standing: Standing | None = None

    @property
    def rule(self) -> str:
        """Return the name of the broken rule."""
        return type(self).__name__


class ReasonMissing(CommandRejected):
    """A decision says why."""


class ChangedSince(CommandRejected):
    """The command was made for a state that is not the newest any more."""
