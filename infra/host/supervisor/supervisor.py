"""The supervisor: starts parts side by side, restarts what dies, and leaves nothing behind when it stops."""

import contextlib
import os
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Final

import psutil

from infra.host.supervisor.child import Identity, family_memory
from infra.host.supervisor.keeper import PROBE_EVERY_S, Keeper, Report
from infra.host.supervisor.log_files import rotate
from infra.host.supervisor.part import Part
from infra.host.supervisor.rests import read_rests
from infra.host.supervisor.state import PartState, PartStatus, Phase, StatusFile

ROTATE_EVERY_S: Final = 5.0


class Supervisor:
    """Runs parts until told to stop. One thread per part; the caller's thread waits in `run`."""

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        status_path: Path,
        rests_path: Path,
        logs: Callable[[str], Path],
        report: Report,
    ) -> None:
        now = datetime.now(UTC)
        me = Identity(os.getpid(), psutil.Process().create_time())
        self._keepers = {part.name: Keeper(part, supervisor=self, log=logs(part.name), report=report) for part in parts}
        self._own_log = logs("supervisor")
        rests_path.unlink(missing_ok=True)  # what was stopped in an earlier run is wanted again
        self._rests_path = rests_path
        self._rests: frozenset[str] = frozenset()
        self.stopping = Event()
        self.hurrying = Event()
        self.status = StatusFile(
            status_path,
            supervisor=me,
            parts=tuple(PartStatus(name=p.name, kind=p.kind, address=p.address, since=now) for p in parts),
        )

    def stop(self) -> None:
        """Begin to stop; a second call kills what has not stopped by itself. Safe in a signal handler."""
        if self.stopping.is_set():
            self.hurrying.set()
        self.stopping.set()

    def run(self, *, when_up: Callable[[], None]) -> bool:
        """Start everything, keep it running until `stop`, stop everything; return whether it ever was all up.

        A service that does not become ready the first time stops the whole; a process of our own does not, it is
        restarted until it stays.
        """
        self._go()
        was_up = False
        rotated_at = time.monotonic()
        while not self.stopping.wait(PROBE_EVERY_S):
            self._rests = read_rests(self._rests_path)
            if any(keeper.gave_up.is_set() for keeper in self._keepers.values()):
                self.status.set_phase(Phase.FAILED)
                break
            if not was_up and all(keeper.was_ready.is_set() for keeper in self._keepers.values()):
                was_up = True
                when_up()
                self.status.set_phase(Phase.UP)
            if time.monotonic() - rotated_at > ROTATE_EVERY_S:
                rotated_at = time.monotonic()
                with contextlib.suppress(OSError):  # a full disk: the logs stay as they are, and nothing stops for it
                    rotate([self._own_log, *(keeper.log for keeper in self._keepers.values())])
                self.status.catch_up()
        failed = not self.stopping.is_set()
        self.stopping.set()
        if not failed:
            self.status.set_phase(Phase.STOPPING)
        for keeper in self._keepers.values():
            keeper.ended.wait()
        if not failed:
            self.status.set_phase(Phase.STOPPED)
        return was_up

    def memory_bytes(self) -> dict[str, int]:
        """Return the memory of every running part."""
        found = {part.name: part.process for part in self.status.all().parts}
        return {name: family_memory(process) for name, process in found.items() if process is not None}

    def is_ready(self, name: str) -> bool:
        """Return whether a part is ready now; a part that this stack does not have stands in nobody's way."""
        return name not in self._keepers or self.status.part(name).state is PartState.READY

    def was_ready(self, name: str) -> bool:
        """Return whether a part has been ready since the supervisor began, or is none of this stack."""
        return name not in self._keepers or self._keepers[name].was_ready.is_set()

    def rests(self, name: str) -> bool:
        """Return whether people have stopped a part."""
        return name in self._rests

    def keepers_needing(self, name: str) -> list[Keeper]:
        """Return the keepers of the parts that need this one."""
        return [keeper for keeper in self._keepers.values() if name in keeper.part.needs]

    def _go(self) -> None:
        for name, keeper in self._keepers.items():
            Thread(target=keeper.keep, name=f"keep-{name}", daemon=True).start()
