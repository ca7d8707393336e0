"""What others do to a supervisor: see whether it lives, end it, and clean up after one that was killed."""

import fcntl
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from infra.host.supervisor.child import Identity, end_left_behind
from infra.host.supervisor.state import PartStatus, StackStatus, read_status

STOP_DEADLINE_S: Final = 90.0

_STOP_SIGNALS: Final = {"postgres": signal.SIGINT}
"""SIGTERM would make PostgreSQL wait for its clients."""


class AlreadyRunning(Exception):
    """Another supervisor holds this home."""


@contextmanager
def held(lock: Path) -> Iterator[None]:
    """Hold a home for one supervisor; the lock ends with the process, however that ends.

    Raises:
        AlreadyRunning: another one holds it.
    """
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as failure:
            raise AlreadyRunning(str(lock)) from failure
        yield


def is_held(lock: Path) -> bool:
    """Return whether a living supervisor holds the home."""
    if not lock.exists():
        return False
    try:
        with held(lock):
            return False
    except AlreadyRunning:
        return True


def stop_supervisor(status: StackStatus, *, lock: Path, waiting: Callable[[], None] = lambda: None) -> bool:
    """Ask a living supervisor to stop and wait until it has; return whether it did within the deadline."""
    if status.supervisor.is_alive():
        os.kill(status.supervisor.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_DEADLINE_S
    while is_held(lock) or status.supervisor.is_alive():
        if time.monotonic() > deadline:
            return False
        waiting()
        time.sleep(0.1)
    return True


def end_orphans(status_path: Path, *, report: Callable[[str, str], None]) -> None:
    """End what a killed supervisor left running: exactly the processes it wrote down, dependants first.

    To be called by who holds the home's lock only.
    """
    status = read_status(status_path)
    for part in reversed(status.parts if status else ()):
        process = part.process
        if process is not None and end_left_behind(process, ask=_STOP_SIGNALS.get(part.name, signal.SIGTERM)):
            report(part.name, f"was left behind by a supervisor that was killed (pid {process.pid}); ended")


def is_running(part: PartStatus) -> bool:
    """Return whether a part's process lives now, whatever the file says."""
    process: Identity | None = part.process
    return process is not None and process.is_alive()
