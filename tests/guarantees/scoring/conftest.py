"""One plant for all tests of the scorer: they only ever add to its log, and account for the whole of it each time."""

import random
from collections.abc import Iterator

import pytest

from tests.guarantees.plant import Plant, a_plant, train_and_promote


@pytest.fixture(scope="package")
def scored_plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """Start a log of pumps with a champion and the sound readings that it was trained on."""
    with a_plant(tmp_path_factory.mktemp("plant") / "home") as plant:
        plant.flow(5_000, random.Random(1), faults=0)
        train_and_promote(plant)
        yield plant
