"""A home, and supervisors that are stopped when the test is over."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.host.embedded.home import Home
from tests.unit.infra.host.supervisor.running import Running, ShellPart


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.create()
    return home


@pytest.fixture
def supervise(home: Home) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(*parts: ShellPart) -> Running:
        started.append(Running(home, *parts))
        return started[-1]

    yield start
    for running in started:
        running.stop()
