"""A panel judges in the running system as it does without it: the ledger holds the offline ratios, bit for bit."""

import numpy as np

from domain.profiles import Channel, ProfileDefined, Role
from tests.benchmarks.detection.judging import every_second
from tests.benchmarks.detection.skab_protocol import FIT_ROWS, offline
from tests.benchmarks.detection.through_the_log import through_the_log
from tests.benchmarks.plant import Plant
from tests.stacks import StackOfTests

PROFILE = ProfileDefined(
    name="valve",
    version=1,
    channels=tuple(
        Channel(name=name, unit="", role=Role.RESPONSE, minimum=-1e9, maximum=1e9) for name in ("flow", "current")
    ),
    expected_interval_s=1.0,
)


def test_ratios_in_the_ledger_are_those_of_the_offline_run(empty_stack: StackOfTests) -> None:
    rng = np.random.default_rng(3)
    with through_the_log(Plant(empty_stack)) as system:
        for number, fault in enumerate((0.0, 4.0)):
            values = rng.normal(50, 1, (FIT_ROWS + 300, 2))
            values[FIT_ROWS + 150 :, 1] += fault
            stretch = every_second(f"valve-{number}", values, first=number)
            alone, live = offline(PROFILE, stretch), system(PROFILE, stretch)
            np.testing.assert_array_equal(live, alone)
            assert np.isfinite(live).any(axis=1).all(), "a reading was not judged"
            assert bool((live > 1).any()) or not fault
