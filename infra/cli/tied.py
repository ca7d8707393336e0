"""Ending with another process: what TELLTALE_WHILE names.

A test or a script that is killed can't clean up, and a supervisor in the background has a session of its own, which no
Ctrl-C reaches. So whoever starts a stack only for itself names its own process, and everything started for it watches.

It is no setting: it belongs to one start, and what is started by that inherits it.
"""

import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import psutil

WHILE: Final = "TELLTALE_WHILE"
LOOK_EVERY_S: Final = 0.5


def end_as_told() -> None:
    """End with the process that the surroundings name, if they name one."""
    told = os.environ.get(WHILE, "")
    if told.isdecimal():
        end_with(int(told))


def end_with(pid: int) -> None:
    """Ask this process to stop as soon as that one has ended; returns at once."""
    import psutil  # noqa: PLC0415 - slow, and needed by tests and scripts only

    try:
        watched = psutil.Process(pid)
        watched.create_time()  # by which a later process of that number is told apart
    except psutil.NoSuchProcess:
        os.kill(os.getpid(), signal.SIGTERM)
        return
    threading.Thread(target=_watch, args=(watched,), name="tied", daemon=True).start()


def _watch(watched: "psutil.Process") -> None:
    while _lives(watched):
        time.sleep(LOOK_EVERY_S)
    os.kill(os.getpid(), signal.SIGTERM)


def _lives(watched: "psutil.Process") -> bool:
    import psutil  # noqa: PLC0415 - see above

    try:
        return watched.is_running() and watched.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
