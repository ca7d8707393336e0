from collections.abc import Iterator

import pytest

from tests.stacks import StackOfTests, must


@pytest.fixture(scope="module")
def full_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackOfTests]:
    """Every service, MLflow and S3 among them."""
    stack = StackOfTests(tmp_path_factory.mktemp("full") / "home")
    try:
        must(stack.up(light=False))
        yield stack
    finally:
        stack.run("reset", "--yes")
