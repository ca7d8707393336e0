"""What a driver may do to the other channels: powers at once, and powers felt late.

Eight per driver, u being its share of full scale: u, u², u³ (flow, pressure, power of a turning machine); u and u²
after 3 s (pipes, bearings); u³ after 60, 600 and 1,800 s (heat).
"""

from math import exp
from typing import Final

import numpy as np

from ml.detector import BoolArray, FloatArray
from ml.panel.compiled import compiled, compiled_apart

PER_DRIVER: Final = 8
AT_ONCE: Final = 5
"""The first so many of a driver's features answer within seconds, the others are the slow ones."""

LOW_PASSED: Final = 5
_DELAYS_S: Final = (3.0, 3.0, 60.0, 600.0, 1800.0)


def low_pass_weights(interval_s: float) -> FloatArray:
    """Return the weight of a new reading in each low-passed feature: float64 array (5,)."""
    return np.array([1 - exp(-interval_s / delay) for delay in _DELAYS_S])


@compiled
def features_step(
    drivers: FloatArray, low_passed: FloatArray, weights: FloatArray, restart: bool, out: FloatArray
) -> None:
    """Write the features of `drivers` (d,) to `out` (8d,), and move `low_passed` (5d,) on; `restart` forgets it."""
    for driver in range(drivers.shape[0]):
        first = drivers[driver]
        second = first * first
        third = second * first
        at = driver * 8
        out[at] = first
        out[at + 1] = second
        out[at + 2] = third
        for late in range(5):
            power = first if late == 0 else (second if late == 1 else third)
            place = driver * 5 + late
            if restart:
                low_passed[place] = power
            else:
                low_passed[place] += weights[late] * (power - low_passed[place])
            out[at + 3 + late] = low_passed[place]


@compiled_apart
def _features(drivers: FloatArray, restarts: BoolArray, weights: FloatArray) -> FloatArray:
    count, width = drivers.shape
    features = np.empty((count, width * 8))
    low_passed = np.zeros(width * 5)
    for row in range(count):
        features_step(drivers[row], low_passed, weights, restarts[row], features[row])
    return features


def driver_features(drivers: FloatArray, restarts: BoolArray, interval_s: float) -> FloatArray:
    """Return the features of consecutive readings of one sensor: float64 array (n, 8d).

    drivers: float64 array (n, d), as shares of full scale; restarts: True where a stretch begins, the first row too.
    """
    features: FloatArray = _features(np.ascontiguousarray(drivers), restarts, low_pass_weights(interval_s))
    return features
