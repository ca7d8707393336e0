"""One line of `telltale doctor`, and the shape of a check that makes such lines."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from infra.host.embedded.home import Home
from infra.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was found, what is needed, and what to do if that differs."""

    check: str
    good: bool
    found: str
    needed: str
    fix: str


Check = Callable[[Home, Settings], Iterator[Finding]]
