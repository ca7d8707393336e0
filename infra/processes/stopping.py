"""How a long-running process of ours ends: on SIGTERM or Ctrl-C, after the work in hand."""

import signal
from collections.abc import Callable
from types import FrameType


def until_told_to_stop() -> Callable[[], bool]:
    """Return a function that is True until SIGTERM or SIGINT has come."""
    stopped = False

    def stop(_: int, __: FrameType | None) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return lambda: not stopped
