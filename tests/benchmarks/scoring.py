"""Catch-up rate of the real scorer, beside the simplest exactly-once loop over the same records."""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from statistics import median
from typing import Final

from infra.kafka.scoring_models import KafkaModels
from ml.isolation_forest.detector import IsolationForestDetector
from ml.scoring.scorer import Scorer
from tests.benchmarks.figures import Figure, at_least, at_most
from tests.benchmarks.plant import Plant
from tests.benchmarks.simple_loop import OUTPUT, SimpleLoop
from tests.benchmarks.sizes import Sizes

GOAL: Final = 150_000
SHARE: Final = 0.75
SIMPLE: Final = "simplest exactly-once loop"


def measure(plant: Plant, sizes: Sizes) -> Iterator[Figure]:
    """Append readings and let both score them, in turns; the median rate, and the median of the rounds' ratios."""
    plant.append(sizes.scored)
    model = plant.train_and_promote()
    detector = KafkaModels(plant.bootstrap, plant.contracts).load(model)
    assert isinstance(detector, IsolationForestDetector)
    plant.topic(OUTPUT)
    container = plant.container()
    scorer = container.scorer()
    with closing(container.scoring_log()), closing(SimpleLoop(plant.bootstrap, detector)) as simple:
        _catch_up(scorer, plant.ends())  # takes the partitions, compiles, and leaves both at the same place
        rates, simple_rates, cpu_us, simple_cpu_us = [], [], [], []
        for _ in range(sizes.rounds):
            start = plant.ends()
            plant.append(sizes.scored)
            end = plant.ends()
            # The scorer's client has read ahead while records came in; from here on both begin alike.
            scorer._read_again()
            began = time.process_time()
            rates.append(sizes.scored / _catch_up(scorer, end))
            between = time.process_time()
            simple_rates.append(sizes.scored / simple.run(start, end))
            cpu_us.append((between - began) / sizes.scored * 1e6)
            simple_cpu_us.append((time.process_time() - between) / sizes.scored * 1e6)
    ratio = median(ours / other for ours, other in zip(rates, simple_rates, strict=True))
    value = median(rates)
    beside = (SIMPLE, value / ratio)
    yield at_least("scorer catching up", value, "readings/s", goal=GOAL, beside=beside, share=SHARE)
    # Beside the rate because other programs on the machine hardly change it.
    simple_us = median(simple_cpu_us)
    words = f"{SIMPLE}: {simple_us:.1f} µs"
    yield at_most("CPU of the scorer per reading", median(cpu_us), "µs", goal=simple_us / SHARE, compared_with=words)


def _catch_up(scorer: Scorer, ends: Mapping[int, int]) -> float:
    """Score up to `ends` and return the seconds it took."""
    began = time.perf_counter()
    while any(ends[part] > (scorer._states[part].next_offset if part in scorer._states else -1) for part in ends):
        scorer.step(timeout_s=0.1)
    return time.perf_counter() - began
