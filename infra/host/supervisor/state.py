"""What the supervisor writes down for others: which parts there are, their state and their processes.

The file is the only thing `status`, `down` and a later `up` know; it is replaced in one step at every change.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from threading import Lock

from infra.files import write_private
from infra.host.supervisor.child import Identity


class PartKind(StrEnum):
    """What a part is."""

    SERVICE = "service"
    PROCESS = "process"


class PartState(StrEnum):
    """Where a part is on its way."""

    WAITING = "waiting"
    PREPARING = "preparing"
    STARTING = "starting"
    READY = "ready"
    UNSTEADY = "unsteady"
    """It runs, and has ended again and again: told by `standing_of`, never written down."""
    SUSPENDED = "suspended"
    """Somebody halted its process (SIGSTOP): told by `standing_of`, never written down."""
    RESTARTING = "restarting"
    FAILED = "failed"
    STOPPING = "stopping"
    STOPPED = "stopped"


class Phase(StrEnum):
    """Where the whole is."""

    STARTING = "starting"
    UP = "up"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartStatus:
    """One line of `telltale status`."""

    name: str
    kind: PartKind
    address: str
    state: PartState = PartState.WAITING
    since: datetime
    process: Identity | None = None
    took_s: float | None = None
    """Seconds from its own start to ready, without waiting for others."""
    restarts: int = 0
    restarted_at: tuple[datetime, ...] = ()
    """When it was started again, the last few times."""
    cause: str | None = None
    """Why it is not ready, or what ended it last; gone once it has run steadily since."""
    cause_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StackStatus:
    """What the file holds."""

    phase: Phase
    supervisor: Identity
    parts: tuple[PartStatus, ...]


class StatusFile:
    """The file, kept equal to what is in memory; used by several threads.

    A full disk keeps it from being written. What runs goes on all the same: the file is written again with the next
    change, or by `catch_up`. Only a process that begins must be in it first.
    """

    def __init__(self, path: Path, *, supervisor: Identity, parts: tuple[PartStatus, ...]) -> None:
        self._path = path
        self._lock = Lock()
        self._behind = False
        self._status = StackStatus(phase=Phase.STARTING, supervisor=supervisor, parts=parts)
        write_private(path, _text(self._status))

    def part(self, name: str) -> PartStatus:
        """Return one part's status."""
        return next(part for part in self._status.parts if part.name == name)

    def all(self) -> StackStatus:
        """Return everything."""
        return self._status

    def set_phase(self, phase: Phase) -> None:
        """Write down where the whole is."""
        self._replace(lambda status: replace(status, phase=phase))

    def change(self, name: str, change: Callable[[PartStatus], PartStatus]) -> None:
        """Write down a changed part; a new state counts from now."""
        self._replace(lambda status: _with_part(status, name, change))

    def record_process(self, name: str, process: Identity) -> None:
        """Write down a process that waits for this before it begins.

        Raises:
            OSError: it can't be written down, so the process must not begin.
        """
        with self._lock:
            after = _with_part(self._status, name, lambda part: replace(part, process=process))
            write_private(self._path, _text(after))
            self._status, self._behind = after, False

    def catch_up(self) -> None:
        """Write what could not be written before."""
        if self._behind:
            self._replace(lambda status: status)

    def _replace(self, change: Callable[[StackStatus], StackStatus]) -> None:
        with self._lock:
            self._status = change(self._status)
            try:
                write_private(self._path, _text(self._status))
                self._behind = False
            except OSError:
                self._behind = True


def _with_part(status: StackStatus, name: str, change: Callable[[PartStatus], PartStatus]) -> StackStatus:
    def changed(part: PartStatus) -> PartStatus:
        after = change(part)
        return replace(after, since=datetime.now(UTC)) if after.state != part.state else after

    return replace(status, parts=tuple(changed(part) if part.name == name else part for part in status.parts))


def read_status(path: Path) -> StackStatus | None:
    """Return what the file says; None when nothing was ever started here."""
    if not path.exists():
        return None
    value = json.loads(path.read_text())
    return StackStatus(
        phase=Phase(value["phase"]),
        supervisor=Identity(**value["supervisor"]),
        parts=tuple(
            PartStatus(
                name=part["name"],
                kind=PartKind(part["kind"]),
                address=part["address"],
                state=PartState(part["state"]),
                since=datetime.fromisoformat(part["since"]),
                process=Identity(**part["process"]) if part["process"] else None,
                took_s=part["took_s"],
                restarts=part["restarts"],
                restarted_at=tuple(map(datetime.fromisoformat, part.get("restarted_at", ()))),
                cause=part["cause"],
                cause_at=datetime.fromisoformat(part["cause_at"]) if part.get("cause_at") else None,
            )
            for part in value["parts"]
        ),
    )


def _text(status: StackStatus) -> str:
    return json.dumps(asdict(status), indent=1, default=datetime.isoformat) + "\n"
