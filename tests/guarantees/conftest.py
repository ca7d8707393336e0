"""One plant for the tests of the scorer: they only ever add to its log, and account for the whole of it each time."""

from collections.abc import Iterator

import pytest

from tests.guarantees.plant import Plant, a_plant


@pytest.fixture(scope="module")
def scored_plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """Start a log of the module's own, with pumps and nothing else in it."""
    with a_plant(tmp_path_factory.mktemp("plant") / "home") as plant:
        yield plant
