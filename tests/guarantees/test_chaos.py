"""Whatever is killed, in whatever order: nothing lost, nothing twice, and read models as if nothing had happened."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guarantees.chaos import VICTIMS, Chaos
from tests.stacks import StackOfTests

SEED = 20260309
SECONDS = 45.0


@pytest.fixture
def stack_of_its_own(tmp_path: Path) -> Iterator[StackOfTests]:
    stack = StackOfTests(tmp_path / "home")
    yield stack
    stack.run("reset", "--yes")


def test_parts_killed_in_random_order_lose_nothing_and_double_nothing(stack_of_its_own: StackOfTests) -> None:
    outcome = Chaos(stack_of_its_own, seed=SEED, seconds=SECONDS, say=print).run()
    assert outcome.faults == []
    assert outcome.kills.keys() == set(VICTIMS), "a part was never killed"
