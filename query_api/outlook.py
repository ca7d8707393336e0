"""Ports to what the API looks at without reading from it: where the log begins and ends, whether the registry answers.

Neither is needed for an answer about facts; while one is away the API says so and goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class LogAway(Exception):
    """No broker answers, or the API was not told of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """One partition: the first offset still held, and the offset after the last committed record."""

    first_offset: int
    end_offset: int


class LogOutlook(Protocol):
    """The log from outside."""

    async def edges(self) -> Mapping[tuple[str, int], Edges]:
        """Return first and end of every partition, by topic and number; up to a second old.

        Raises:
            LogAway: nobody answers in time.
        """


class RegistryOutlook(Protocol):
    """The schema registry from outside."""

    async def answers(self) -> bool:
        """Return whether it answers; up to a few seconds old."""
