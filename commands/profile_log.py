"""The log as defining a profile needs it."""

from collections.abc import Sequence
from typing import Protocol

from domain.positions import Position
from domain.profiles import ProfileDefined


class ProfileNotAppended(Exception):
    """The log did not take the definition, or did not say so; the same command again is safe."""


class ProfileLog(Protocol):
    """Topic profile-events, with one writer at a time."""

    def known(self) -> Sequence[ProfileDefined]:
        """Return every profile defined up to the log's end now, in the order of the log."""

    def open(self) -> None:
        """Become the one writer: another's append, decided on a past that may change, is refused from now on.

        Raises:
            ProfileNotAppended: the log does not answer.
        """

    def append(self, profile: ProfileDefined) -> Position:
        """Append the definition and return where it stands; returns once it is committed.

        Raises:
            ProfileNotAppended: it is not in the log, or the log did not say.
        """
