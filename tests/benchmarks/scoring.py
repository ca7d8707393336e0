"""Catch-up rate of the real scorer, beside the simplest exactly-once loop over the same records."""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from infra.kafka.models.scoring_models import KafkaModels
from ml.isolation_forest.detector import IsolationForestDetector
from ml.isolation_forest.trainer import IsolationForestTrainer
from ml.panel.trainer import PanelTrainer
from ml.scoring.scorer import Scorer
from tests.benchmarks.figures import Figure, at_least, at_most
from tests.benchmarks.plant import Plant
from tests.benchmarks.simple_loop import OUTPUT, SimpleLoop
from tests.benchmarks.sizes import Sizes

GOAL: Final = 150_000
SHARE: Final = 0.75
SIMPLE: Final = "simplest exactly-once loop"


def measure(plant: Plant, sizes: Sizes) -> Iterator[Figure]:
    """Append readings and let scorer and simple loop score them, in turns: first a forest alone, then the whole panel.

    The median rate, and the median of the rounds' ratios. The simple loop scores by the forest both times.
    """
    while sum(plant.ends().values()) < sizes.trained:
        plant.append(sizes.scored)
    forest = plant.train_and_promote(IsolationForestTrainer())
    detector = KafkaModels(plant.bootstrap, plant.contracts).load(forest)
    assert isinstance(detector, IsolationForestDetector)
    plant.topic(OUTPUT)
    container = plant.container()
    scorer = container.scorer()
    with closing(container.scoring_log()), closing(SimpleLoop(plant.bootstrap, detector)) as simple:
        yield from _figures("isolation forest", _rounds(plant, sizes, scorer, simple))
        plant.train_and_promote(PanelTrainer())
        yield from _figures("all detectors", _rounds(plant, sizes, scorer, simple))


@dataclass(slots=True)
class _Rounds:
    """Readings a second, and µs of this process's CPU per reading, of each round."""

    rates: list[float] = field(default_factory=list)
    simple_rates: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    simple_cpu_us: list[float] = field(default_factory=list)


def _rounds(plant: Plant, sizes: Sizes, scorer: Scorer, simple: SimpleLoop) -> _Rounds:
    plant.append(sizes.scored // 10)
    _catch_up(scorer, plant.ends())  # takes the partitions and the new champion, compiles, and leaves both level
    rounds = _Rounds()
    for _ in range(sizes.rounds):
        start = plant.ends()
        plant.append(sizes.scored)
        end = plant.ends()
        # The scorer's client has read ahead while records came in; from here on both begin alike.
        scorer._read_again()
        began = time.process_time()
        rounds.rates.append(sizes.scored / _catch_up(scorer, end))
        between = time.process_time()
        rounds.simple_rates.append(sizes.scored / simple.run(start, end))
        rounds.cpu_us.append((between - began) / sizes.scored * 1e6)
        rounds.simple_cpu_us.append((time.process_time() - between) / sizes.scored * 1e6)
    return rounds


def _figures(what: str, rounds: _Rounds) -> Iterator[Figure]:
    ratio = median(ours / other for ours, other in zip(rounds.rates, rounds.simple_rates, strict=True))
    value = median(rounds.rates)
    beside = (SIMPLE, value / ratio)
    yield at_least(f"scorer catching up, {what}", value, "readings/s", goal=GOAL, beside=beside, share=SHARE)
    # Beside the rate because other programs on the machine hardly change it.
    simple_us = median(rounds.simple_cpu_us)
    words = f"{SIMPLE}: {simple_us:.1f} µs"
    name = f"CPU of the scorer per reading, {what}"
    yield at_most(name, median(rounds.cpu_us), "µs", goal=simple_us / SHARE, compared_with=words)


def _catch_up(scorer: Scorer, ends: Mapping[int, int]) -> float:
    """Score up to `ends` and return the seconds it took."""
    began = time.perf_counter()
    while any(
        ends[part] > (scorer._writing.states[part].next_offset if part in scorer._writing.states else -1)
        for part in ends
    ):
        scorer.step(timeout_s=0.1)
    return time.perf_counter() - began
