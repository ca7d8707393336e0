"""A scorer that is killed by -9 at a chosen step of a chosen transaction: run as a program by the guarantee tests.

The scorer itself knows nothing of it: only its log is wrapped.
"""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dependency_injector import providers

from infra.logs import configure_logs
from infra.processes.stopping import until_told_to_stop
from infra.wiring.container import Container
from ml.scoring.ports import ScoringLog, ScoringTransaction
from schemas.codec import Event

STEPS = ("begun", "appended", "advanced", "committed")
"""Where it dies: after begin, after the first append, after the positions and before the commit, after the commit and
before the process knows."""


def die() -> None:
    """End this process as kill -9 does: nothing is flushed, closed or said."""
    os.kill(os.getpid(), signal.SIGKILL)


class CrashingTransaction:
    """A transaction that may die after its first append, or after its positions."""

    def __init__(self, inner: ScoringTransaction, step: str | None) -> None:
        self._inner = inner
        self._step = step

    def append(self, topic: str, partition: int, key: str | None, event: Event) -> None:
        self._inner.append(topic, partition, key, event)
        if self._step == "appended":
            die()

    def advance(self, positions: Mapping[int, int]) -> None:
        self._inner.advance(positions)
        if self._step == "advanced":
            die()


class CrashingLog:
    """A scoring log that dies at `step` of its transaction number `at`."""

    def __init__(self, inner: ScoringLog, step: str, at: int) -> None:
        self._inner = inner
        self._step = step
        self._left = at

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    @contextmanager
    def transaction(self) -> Iterator[CrashingTransaction]:
        self._left -= 1
        step = self._step if self._left == 0 else None
        with self._inner.transaction() as transaction:
            if step == "begun":
                die()
            yield CrashingTransaction(transaction, step)
        if step == "committed":
            die()


def main(step: str, at: int, slot: int = 0) -> None:
    """Score like `telltale scorer --slot`, until the crash."""
    container = Container(slot=providers.Object(slot))
    configure_logs("info", process="crashing-scorer")
    container.scoring_log.override(providers.Object(CrashingLog(container.scoring_log(), step, at)))
    container.scorer().run(until_told_to_stop())


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
