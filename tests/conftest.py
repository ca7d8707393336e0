"""One embedded stack for all tests that need a real one; started when the first of them asks."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from infra.settings import Settings
from tests.bytecode import keep_bytecode
from tests.emptied import empty
from tests.stacks import StackOfTests, must

TELLTALE_TEST_HOME: Final = "TELLTALE_TEST_HOME"


def pytest_configure() -> None:
    """Take Ctrl-C even where the tests run in the background of a shell, which would leave every child deaf to it.

    And let Java leave its second compiler out: these stacks live for minutes, so its work would never be paid back.
    And let all that this process starts end with it, however it ends: a worker of xdist is killed by a Ctrl-C.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")
    os.environ["TELLTALE_WHILE"] = str(os.getpid())
    keep_bytecode()


class ByPlant(LoadScopeScheduling):  # type: ignore[misc] # the library has no types
    """Keeps on one worker what shares a plant or a stack: the tests of a file, and those of the scorer's folder."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, _ = nodeid.partition("::")
        folder = "tests/guarantees/scoring"
        return folder if file.startswith(folder) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByPlant:
    """Let the tests be shared out by plant."""
    return ByPlant(config, log)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackOfTests]:
    """Log, registry and database, all empty. TELLTALE_TEST_HOME names a running stack to use instead."""
    told = os.environ.get(TELLTALE_TEST_HOME)
    if told:
        yield StackOfTests(Path(told))
        return
    stack = StackOfTests(tmp_path_factory.mktemp("stack") / "home")
    try:
        must(stack.up())
        yield stack
    finally:
        stack.run("reset", "--yes")


@pytest.fixture(scope="module")
def empty_stack(stack: StackOfTests, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackOfTests]:
    """Empty the stack for a module that accounts for all that is in the log; its tests kill no service of it.

    A stack that somebody lent is not emptied: the module gets one of its own.
    """
    if TELLTALE_TEST_HOME not in os.environ:
        empty(stack)
        yield stack
        return
    own = StackOfTests(tmp_path_factory.mktemp("own") / "home")
    try:
        must(own.up())
        yield own
    finally:
        own.run("reset", "--yes")


@pytest.fixture(scope="session")
def stack_settings(stack: StackOfTests) -> Settings:
    """Return how to reach it."""
    return stack.settings
