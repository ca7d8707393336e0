"""A sensor's own numbers, from its training rows and its profile's expectation."""

from dataclasses import dataclass

import numpy as np

from ml.detector import BoolArray, FloatArray
from ml.panel.calibration import longest_run, quantum_of, robust_sd
from ml.panel.expectation import Expectation
from ml.panel.kernel import ERRORS, RESIDUALS
from ml.panel.learning import stuck_limit
from ml.panel.options import DAY_S, OFF, Pace
from ml.panel.passes import scan
from ml.panel.rows import SensorRows, operating
from ml.panel.runs import long_run_limit
from ml.panel.smoothing import above_baseline, settled_mean
from ml.panel.tables import (
    ALLOWANCE,
    GAIN,
    GAIN_CENTRE,
    GAIN_VARIANCE,
    OFFSET,
    PERSONAL_FIELDS,
    REFERENCE,
    RESIDUAL_SCALE,
    SCATTER,
    SEEN_HIGH,
    SEEN_LOW,
    SHIFT_SCALE,
    STEP_SCALE,
    STUCK_LIMIT,
    Tables,
)

_LEAST = 1e-9
_LEAST_JUDGED = 120
_ROOT_12 = np.sqrt(12)


class NeverJudgeable(ValueError):
    """Hardly a reading of a sensor could be judged, so nothing can be learned of it."""

    def __init__(self, rows: SensorRows, judged: int) -> None:
        super().__init__(
            f"of {len(rows)} readings of {rows.machine_id}/{rows.sensor_id} only {judged} could be judged, needed are "
            f"{_LEAST_JUDGED}: its load never rests, or its stretches without a gap are too short"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """What one sensor's rows say of it.

    numbers: float64 array (PERSONAL_FIELDS, c), as the pass takes them; the allowance is still to be set.
    wander: (c,) how much block means move, 1 if only by their noise. excursions: (blocks, c) |D − reference|.
    judged_days: time behind the judged rows.
    """

    numbers: FloatArray
    wander: FloatArray
    excursions: FloatArray
    judged_days: float


def personalise(rows: SensorRows, expectation: Expectation, *, tables: Tables, pace: Pace) -> Personal:
    """Return the sensor's numbers; `tables` are the profile's, with `expectation`'s weights and no thresholds yet.

    Raises:
        NeverJudgeable: too few of its rows pass the gate.
    """
    values = rows.values
    settled = rows.settled()
    use = operating(values, expectation.drivers, expectation.scale) & settled
    explained = expectation.explained(rows, pace.interval_s)
    numbers = _level(values[use], explained[use], expectation, pace=pace)
    quanta = np.array([quantum_of(column) for column in values.T])
    residuals = values - (numbers[OFFSET] + numbers[GAIN] * explained)
    numbers[RESIDUAL_SCALE] = np.maximum(residuals[use].std(axis=0), quanta / _ROOT_12) + _LEAST
    numbers[[STEP_SCALE, SHIFT_SCALE, SCATTER]] = 1.0
    numbers[[ALLOWANCE, STUCK_LIMIT]] = OFF
    found = scan(rows, numbers, tables=tables, pace=pace)
    judged = found.judged & settled
    if judged.sum() < _LEAST_JUDGED:
        raise NeverJudgeable(rows, int(judged.sum()))
    errors, spread = found.statistics[judged, ERRORS], found.statistics[:, RESIDUALS]
    numbers[STEP_SCALE] = _step_scale(errors, quanta)
    numbers[SCATTER] = _scatter(errors / numbers[STEP_SCALE], pace)
    apart = above_baseline(
        spread, ~found.judged, rows.restarts, fast_weight=pace.fast_weight, base_weight=pace.base_weight
    )
    numbers[SHIFT_SCALE] = np.maximum(apart[judged].std(axis=0), quanta / _ROOT_12 / 2) + _LEAST
    block = int(pace.block_readings)
    means = _block_means(spread[judged], block)
    numbers[REFERENCE] = np.median(means, axis=0)
    numbers[STUCK_LIMIT] = [
        _stuck_limit(column[use], interval_s=pace.interval_s, budget=pace.stuck_budget, tailed=pace.swing_factor > 0)
        for column in values.T
    ]
    return Personal(
        numbers=numbers,
        wander=means.std(axis=0) / (numbers[STEP_SCALE] / np.sqrt(block)),
        excursions=np.abs(settled_mean(means, pace.drift_blocks) - numbers[REFERENCE]),
        judged_days=float(judged.sum() * pace.interval_s / DAY_S),
    )


def by_own_steps(
    rows: SensorRows, personal: Personal, expectation: Expectation, *, slow: BoolArray, pace: Pace
) -> None:
    """Measure the steps of channels that can't answer a load within seconds against their own last five values."""
    use = operating(rows.values, expectation.drivers, expectation.scale)
    use[:10] = False
    for channel in np.flatnonzero(slow):
        column = rows.values[:, channel]
        before = np.median(np.lib.stride_tricks.sliding_window_view(column[:-1], 5), axis=1)
        errors = (column[5:] - before)[use[5:], np.newaxis]
        scale = _step_scale(errors, np.array([quantum_of(column)]))[0]
        personal.numbers[STEP_SCALE, channel] = scale
        personal.numbers[SCATTER, channel] = _scatter(errors / scale, pace)[0]


def _level(values: FloatArray, explained: FloatArray, expectation: Expectation, *, pace: Pace) -> FloatArray:
    """Return numbers with offset and gain: the siblings' gain, as far as this sensor's rows don't say otherwise.

    Shrinkage towards the siblings (Efron, Morris 1975) with the gain's spread between machines as its prior.
    """
    numbers = np.zeros((PERSONAL_FIELDS, values.shape[1]))
    numbers[SEEN_LOW], numbers[SEEN_HIGH] = -OFF, OFF
    certain = 1 / pace.gain_spread**2
    for channel in range(values.shape[1]):
        column, part = values[:, channel], explained[:, channel]
        centre, mean = part.mean(), column.mean()
        numbers[OFFSET, channel] = mean
        if not len(expectation.drivers) or channel in expectation.drivers:
            continue
        away = part - centre
        unit = pace.readings_per_independent * max(np.var(column - mean - away), 1e-12)
        information = (away**2).sum() / unit + certain
        gain = ((away * (column - mean)).sum() / unit + certain) / information
        numbers[GAIN, channel] = gain
        numbers[GAIN_CENTRE, channel] = centre
        numbers[GAIN_VARIANCE, channel] = 1 / information
        numbers[OFFSET, channel] = mean - gain * centre
        numbers[SEEN_LOW, channel], numbers[SEEN_HIGH, channel] = part.min(), part.max()
    return numbers


def _step_scale(errors: FloatArray, quanta: FloatArray) -> FloatArray:
    return np.asarray(np.maximum.reduce([robust_sd(errors), 0.5 * errors.std(axis=0), quanta / _ROOT_12]) + _LEAST)


def _scatter(scaled: FloatArray, pace: Pace) -> FloatArray:
    return np.asarray(np.minimum(scaled**2, pace.scatter_clip).mean(axis=0) + _LEAST)


def _block_means(residuals: FloatArray, block: int) -> FloatArray:
    blocks = len(residuals) // block
    if not blocks:
        return np.asarray(residuals.mean(axis=0, keepdims=True))
    means: FloatArray = residuals[: blocks * block].reshape(blocks, block, -1).mean(axis=1)
    return means


def _stuck_limit(column: FloatArray, *, interval_s: float, budget: float, tailed: bool) -> float:
    unchanged = column[1:] == column[:-1]
    several = len(np.unique(column)) > 2
    limit: float = stuck_limit(float(unchanged.mean()), float(longest_run(unchanged)), several, interval_s, budget)
    if tailed and limit < OFF:
        limit = max(limit, long_run_limit(column, interval_s=interval_s, budget=budget))
    return min(OFF, limit)
