"""Ports to what the API looks at without reading facts from it: log, registry, judging, the parts of the stack.

None is needed for an answer about facts; while one is away the API says so and goes on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.judging import Judging


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


class JudgingOutlook(Protocol):
    """Log and score ledger together: whether every arriving reading is being judged."""

    async def judging(self) -> Judging:
        """Return the answer of about a second ago; never waits long.

        Raises:
            LogAway: the log can't be asked, so nobody knows.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class StackPart:
    """One part of the stack that runs here; `state` is `ready` only while it does its work; bytes None: not known."""

    name: str
    state: str
    cause: str | None
    restarts: int
    memory_bytes: int | None
    disk_bytes: int | None


class StackOutlook(Protocol):
    """The parts that a supervisor runs beside the API."""

    async def parts(self) -> Sequence[StackPart]:
        """Return them; none where no supervisor tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlooks:
    """All of them, as the API is given them."""

    log: LogOutlook
    registry: RegistryOutlook
    judging: JudgingOutlook
    stack: StackOutlook
