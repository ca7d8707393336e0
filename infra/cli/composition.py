"""The container that a command runs with: the one that `run` was given, so that a test gives its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from infra.wiring.container import Container

_in_use: Final[ContextVar[Container]] = ContextVar("container")


@contextmanager
def using(container: Container) -> Iterator[None]:
    """Let commands run with this container."""
    before = _in_use.set(container)
    try:
        yield
    finally:
        _in_use.reset(before)


def composed() -> Container:
    """Return the container of the command that is running."""
    return _in_use.get()
