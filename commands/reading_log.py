"""The log as recording readings needs it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.positions import Position
from domain.profiles import ProfileDefined
from domain.readings import SensorReadingRecorded


class ReadingLog(Protocol):
    """Topic sensor-events."""

    def require_room(self) -> None:
        """Return if the log takes readings in; asks the disk, not the log, which a full disk may have stopped.

        Raises:
            LogFull: there is no room.
        """

    def append(self, readings: Sequence[SensorReadingRecorded]) -> Sequence[Position]:
        """Append admitted readings, each under its machine, and return where they stand, in the same order.

        Returns once all replicas have acknowledged all of them; readings of one machine keep their order.

        Raises:
            ReadingsNotAppended: at least one is not in the log, or the log did not say.
            LogFull: there is no room for any.
        """


class Profiles(Protocol):
    """The profiles that are defined."""

    def known(self) -> Mapping[str, ProfileDefined]:
        """Return all that have been heard of, by reference such as pump@1."""

    def refresh(self) -> None:
        """Hear of those defined since.

        Raises:
            ReadingsNotAppended: the log does not answer.
        """
