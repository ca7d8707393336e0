"""How a part stands now: what the supervisor wrote down, held against its process and its recent past.

A part that is not known to work is never called ready: its process must be there, must not be halted, and must not
have ended again and again in the last minutes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from infra.host.supervisor.control import is_held, is_running
from infra.host.supervisor.state import PartState, PartStatus, StackStatus

UNSTEADY_RESTARTS: Final = 3
UNSTEADY_WITHIN: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Standing:
    """One part, its state now, and the cause of that state; None while it is ready."""

    part: PartStatus
    state: PartState
    cause: str | None

    @property
    def running(self) -> bool:
        """Return whether its process is there."""
        return is_running(self.part)


def standings(found: StackStatus, *, lock: Path, now: datetime) -> Sequence[Standing]:
    """Return how every part of a stack stands; `lock` is what its supervisor holds while it lives."""
    supervised = is_held(lock)
    return [standing_of(part, supervised=supervised, now=now) for part in found.parts]


def standing_of(part: PartStatus, *, supervised: bool, now: datetime) -> Standing:
    """Return how a part stands; `supervised`: a living supervisor keeps it."""
    told = _dated(part, now)
    if part.state is PartState.FAILED:
        return Standing(part, part.state, told)
    if not supervised:
        if is_running(part):
            return Standing(part, PartState.READY, "its supervisor was killed: nobody starts it again")
        return Standing(part, PartState.STOPPED, None)
    if part.state is not PartState.READY:
        return Standing(part, part.state, told)
    return _of_ready(part, told, now)


def _of_ready(part: PartStatus, told: str | None, now: datetime) -> Standing:
    """Return how a part stands that the supervisor brought to ready."""
    if part.process is None or not part.process.is_alive():
        return Standing(part, PartState.STOPPED, told or "its process is gone")
    if part.process.is_suspended():
        pid = part.process.pid
        return Standing(part, PartState.SUSPENDED, f"pid {pid} was halted by a signal: kill -CONT {pid}")
    recent = [moment for moment in part.restarted_at if now - moment < UNSTEADY_WITHIN]
    if len(recent) < UNSTEADY_RESTARTS:
        return Standing(part, PartState.READY, None)
    again = f"started again {len(recent)} times in {UNSTEADY_WITHIN.seconds // 60} minutes"
    return Standing(part, PartState.UNSTEADY, f"{again}; {told}" if told else again)


def _dated(part: PartStatus, now: datetime) -> str | None:
    """Return the cause with its time, and its day when that is another."""
    if part.cause is None or part.cause_at is None:
        return part.cause
    form = "%H:%M:%S" if now - part.cause_at < timedelta(hours=20) else "%Y-%m-%d %H:%M:%S"
    return f"{part.cause_at:{form}} UTC {part.cause}"
