"""What the demo says while it has nothing to tell: what it is at, and for how long, so that it is never silent."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

SILENT_FOR_S: Final = 15.0


class Patience:
    """Says what is under way whenever nothing else was said for a while."""

    def __init__(self, tell: Callable[[str], None], *, silent_for_s: float = SILENT_FOR_S) -> None:
        self._tell: Final = tell
        self._silent_for_s: Final = silent_for_s
        self._doing = "the stack is asked"
        self._since_s = self._said_at_s = time.monotonic()

    def said(self) -> None:
        """Note that something else was said."""
        self._said_at_s = time.monotonic()

    def doing(self, what: str) -> None:
        """Note what begins now; "" means nothing that anybody waits for."""
        self._doing, self._since_s = what, time.monotonic()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Speak up while the block runs."""
        ended = threading.Event()

        def speak() -> None:
            while not ended.wait(self._silent_for_s / 10):
                now = time.monotonic()
                if self._doing and now - self._said_at_s >= self._silent_for_s:
                    self._said_at_s = now
                    self._tell(f"… {self._doing}, for {now - self._since_s:.0f} s now")

        thread = threading.Thread(target=speak, name="patience", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
