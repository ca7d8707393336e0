"""Projectors killed by -9 at a chosen step of a chosen transaction: run as a program by the guarantee tests."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from infra.postgres.projection_store import PostgresProjectionStore
from infra.processes.projector import run_projector
from infra.wiring.container import Container
from projections.folder import folder_names
from tests.guarantees.crashing_scorer import die

STEPS = ("advanced", "applied", "committed")
"""Where it dies: after the checkpoint's move, after the rows and before the commit, after the commit."""


def crash_at(step: str, at: int) -> None:
    """Let all projectors together die when one of them reaches `step` for the `at`th time."""
    transaction = PostgresProjectionStore.transaction
    left = [at]

    def reached(here: str) -> None:
        if here == step:
            left[0] -= 1
            if left[0] == 0:
                die()

    @contextmanager
    def crashing(self: PostgresProjectionStore) -> Iterator[Any]:
        with transaction(self) as inner:
            yield _Crashing(inner, reached)
        reached("committed")

    PostgresProjectionStore.transaction = crashing  # type: ignore[method-assign]


class _Crashing:
    def __init__(self, inner: Any, reached: Callable[[str], None]) -> None:
        self._inner = inner
        self._reached = reached
        self.reject = inner.reject

    def advance(self, moves: Sequence[Any]) -> None:
        self._inner.advance(moves)
        self._reached("advanced")

    def apply(self, pieces: Sequence[pa.RecordBatch]) -> None:
        self._inner.apply(pieces)
        self._reached("applied")


def main(step: str, at: int) -> None:
    """Project like `telltale projector`, until the crash."""
    crash_at(step, at)
    run_projector(Container(), folder_names())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
