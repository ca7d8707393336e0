"""One embedded stack for all tests that need a real one; started when the first of them asks."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.settings import Settings
from tests.stacks import StackOfTests, must


def pytest_configure() -> None:
    """Take Ctrl-C even where the tests run in the background of a shell, which would leave every child deaf to it.

    And let Java leave its second compiler out: these stacks live for minutes, so its work would never be paid back.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")


@pytest.hookimpl(tryfirst=True)  # before xdist looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep on one worker what shares a plant or a stack: the tests of a file, and those of the scorer's folder."""
    for item in items:
        folder = item.path.parent
        shared = folder if folder.name == "scoring" and folder.parent.name == "guarantees" else item.path
        item.add_marker(pytest.mark.xdist_group(str(shared.relative_to(item.config.rootpath))))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackOfTests]:
    """Log, registry and database, all empty. TELLTALE_TEST_HOME names a running stack to use instead."""
    told = os.environ.get("TELLTALE_TEST_HOME")
    if told:
        yield StackOfTests(Path(told))
        return
    stack = StackOfTests(tmp_path_factory.mktemp("stack") / "home")
    try:
        must(stack.up())
        yield stack
    finally:
        stack.run("reset", "--yes")


@pytest.fixture(scope="session")
def stack_settings(stack: StackOfTests) -> Settings:
    """Return how to reach it."""
    return stack.settings
