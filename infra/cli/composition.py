"""The container that a command runs with: the one that `run` was given, so that a test gives its own.

The container's library is slow to load, so a command that needs none, such as `--help`, goes without.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from infra.wiring.container import Container

_in_use: Final[ContextVar["Container | None"]] = ContextVar("container", default=None)


@contextmanager
def using(container: "Container | None") -> Iterator[None]:
    """Let one command run with this container, with one of its own when None."""
    before = _in_use.set(container)
    try:
        yield
    finally:
        _in_use.reset(before)


def composed() -> "Container":
    """Return the container of the command that is running."""
    container = _in_use.get()
    if container is None:
        from infra.wiring.container import Container  # noqa: PLC0415 - see above

        container = Container()
        _in_use.set(container)
    return container
