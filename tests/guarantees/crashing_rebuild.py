"""`telltale rebuild` that gets a signal at a chosen step: run as a program by the guarantee tests."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from infra.cli.main import run
from infra.cli.read_models.rebuild_report import ShownProgress
from infra.postgres.kept_builds import PostgresBuilds

STEPS = ("created", "loading", "loaded", "proved", "swapping", "swapped", "discarding")
"""Where it comes: after each numbered step of `RebuildDesk.rebuild`, and within the second and the fifth."""


def signal_at(step: str, send: Callable[[], None]) -> None:
    """Let the rebuild of this process get its signal at `step`."""
    after = {"created": "create", "loaded": "note_load", "proved": "record_proof"}
    if step in after:
        _send_after(after[step], send)
    elif step == "discarding":
        PostgresBuilds.discard = lambda *_: send()  # type: ignore[method-assign]
    elif step == "loading":
        _send_while_loading(send)
    else:
        _send_around_commit(step, send)


def _send_after(name: str, send: Callable[[], None]) -> None:
    method = getattr(PostgresBuilds, name)

    def signalled(*told: Any, **more: Any) -> Any:
        done = method(*told, **more)
        send()
        return done

    setattr(PostgresBuilds, name, signalled)


def _send_while_loading(send: Callable[[], None]) -> None:
    shown = ShownProgress.__call__

    def signalled(self: ShownProgress, step: str, done: int, total: int) -> None:
        shown(self, step, done, total)
        if step == "loading" and done:
            send()

    ShownProgress.__call__ = signalled  # type: ignore[method-assign]


def _send_around_commit(step: str, send: Callable[[], None]) -> None:
    pointer = PostgresBuilds.pointer

    @contextmanager
    def signalled(self: PostgresBuilds, *told: Any, **more: Any) -> Iterator[Any]:
        with pointer(self, *told, **more) as held:
            yield held
            if step == "swapping":
                send()
        send()

    PostgresBuilds.pointer = signalled  # type: ignore[method-assign]


def main(step: str, read_model: str, how: str) -> int:
    """Rebuild, until the signal."""
    signal_at(step, lambda: os.kill(os.getpid(), signal.Signals[how]))
    return run(["rebuild", read_model])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
