"""A neighbour who writes anything anywhere stops nothing, delays nothing for long, and changes nothing."""

from pathlib import Path

import pytest

from tests.guarantees.neighbour.shared_log import shared_log
from tests.guarantees.plant import a_plant

SEED = 20260310


@pytest.mark.timeout(600)
def test_every_good_reading_is_judged_once_and_every_bad_record_is_a_dead_letter_with_a_cause(tmp_path: Path) -> None:
    with a_plant(tmp_path / "home") as plant:
        outcome = shared_log(plant, seed=SEED, seconds=10, say=print)
    assert outcome.faults == []
    assert outcome.letters > 30
