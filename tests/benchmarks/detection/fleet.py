"""Simulated machines: healthy days to learn from and to be quiet on, and episodes with one fault each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from domain.profiles import Role
from infra.sources.simulator.faults import SHAPES, Fault, FaultKind
from infra.sources.simulator.machine import Machine
from infra.sources.simulator.profiles import SIMULATED
from ml.detector import FloatArray
from tests.benchmarks.detection.judging import Stretch, every_second

DAY_S: Final = 86_400
_MORNING_S: Final = 8 * 3600
_TEST_DAY: Final = 2
EACH_KIND: Final = 3
"""Machines of each profile: siblings to learn from."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One machine of the fleet."""

    kind: str
    seed: int

    @property
    def name(self) -> str:
        """Return what readings call it."""
        return f"{self.kind}-{self.seed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How a fault is tried: small and large size, rows after its onset, and rows within which finding it counts."""

    small: float
    large: float
    rows: int
    counted: int


TRIALS: Final = {
    FaultKind.SPIKE: Trial(small=8, large=15, rows=900, counted=5),
    FaultKind.SHIFT: Trial(small=4, large=8, rows=3600, counted=3600),
    FaultKind.DRIFT: Trial(small=8, large=25, rows=14_400, counted=14_400),
    FaultKind.BEARING: Trial(small=0.5, large=1.5, rows=7200, counted=7200),
    FaultKind.IMBALANCE: Trial(small=0.15, large=0.5, rows=3600, counted=3600),
    FaultKind.CAVITATION: Trial(small=1, large=2.5, rows=3600, counted=3600),
    FaultKind.STUCK: Trial(small=120, large=1800, rows=3600, counted=1800),
    FaultKind.NOISE: Trial(small=2, large=5, rows=1800, counted=900),
}
"""Sizes: multiples of the channel's fast noise; shares of the healthy value (faults of the machine); seconds stuck."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultEpisode:
    """Readings of one machine with one fault from row `onset` on."""

    place: Place
    readings: Stretch
    onset: int
    counted: int


def fleet(seed: int) -> list[Place]:
    """Return twelve machines, three of each of the four profiles; another seed, other machines."""
    return [
        Place(kind, seed + 10 * number + sibling)
        for number, kind in enumerate(SIMULATED)
        for sibling in range(EACH_KIND)
    ]


def training_stretch(place: Place, hours: float) -> Stretch:
    """Return healthy readings from eight in the morning; two stops once it is a day."""
    rows = int(hours * 3600)
    machine = Machine(place.kind, place.seed, run_seed=1000 + place.seed, first_second=_MORNING_S)
    values = machine.advance(rows, stops=0 if hours < 6 else 2)[0].values
    return every_second(place.name, values, first=_MORNING_S)


def healthy_day(place: Place) -> Stretch:
    """Return a later day with two stops; for every second machine the afternoon is hot."""
    machine = Machine(
        place.kind,
        place.seed,
        run_seed=5000 + place.seed,
        first_second=_TEST_DAY * DAY_S,
        hot_days=(_TEST_DAY,) if place.seed % 2 else (),
    )
    return every_second(place.name, machine.advance(DAY_S, stops=2)[0].values, first=_TEST_DAY * DAY_S)


def episodes(kind: FaultKind, *, large: bool, seed: int) -> Iterator[FaultEpisode]:
    """Yield 24 episodes of one kind and size: every machine twice; only pumps cavitate, each eight times."""
    places = fleet(seed)
    if kind is FaultKind.CAVITATION:
        places = [place for place in places if place.kind == "pump"] * 4
    number = list(TRIALS).index(kind)
    for repeat in range(2):
        for order, place in enumerate(places):
            rng = np.random.default_rng([13, repeat, order, number, seed])
            run_seed = 90_000 + 1000 * number + 100 * large + 10 * order + repeat + seed
            yield _episode(place, kind, large=large, rng=rng, run_seed=run_seed)


def _episode(place: Place, kind: FaultKind, *, large: bool, rng: np.random.Generator, run_seed: int) -> FaultEpisode:
    trial = TRIALS[kind]
    size = trial.large if large else trial.small
    onset = 3600 + int(rng.integers(0, 900))
    responses = [index for index, channel in enumerate(SIMULATED[place.kind]) if channel.role == Role.RESPONSE]
    channel = int(rng.choice(responses))
    sign = float(rng.choice([-1, 1])) if kind in (FaultKind.SPIKE, FaultKind.SHIFT, FaultKind.DRIFT) else 1.0
    lasting = {FaultKind.SPIKE: 1, FaultKind.STUCK: int(size), FaultKind.NOISE: 900}.get(kind, trial.rows)
    fault = Fault(kind=kind, at=onset, end=onset + lasting, size=sign * size, over=SHAPES[kind].over, channel=channel)
    first = _TEST_DAY * DAY_S + int(rng.integers(0, DAY_S))
    machine = Machine(place.kind, place.seed, run_seed=run_seed, first_second=first, faults=[fault])
    values: FloatArray = machine.advance(onset + trial.rows)[0].values
    return FaultEpisode(
        place=place, readings=every_second(place.name, values, first=first), onset=onset, counted=trial.counted
    )
