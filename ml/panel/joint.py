"""Joint: what the channels do together is not what they did together in training.

Three questions to the residuals, scaled and clipped so that one gross channel does not speak for all. Step: is the way
from the last two readings to this one ordinary (the residual of a canonical variate analysis, Russell and others 2000)?
Fit: do the channels fit one another (Hotelling 1947 with a regularised covariance)? Level: have many of them moved a
little, and stayed? Each as it is and as means over 10 and 60 readings (fewer of a slow
meter). Levels and squares are judged against their own
slow means, so that a new normal ends the alarm.
"""

from typing import Final

import numpy as np

from ml.detector import FloatArray
from ml.panel.compiled import compiled
from ml.panel.residual import FORECAST, PLACE, RESIDUAL, STRANGE, WHITE
from ml.panel.sharper import (
    FIRST_LIMIT,
    FIT_CAP,
    LAGS,
    MEAN,
    SCALE,
    SLOW_LEVELS,
    SLOW_SQUARES,
    STEP,
    STEP_CAP,
    Packed,
)
from ml.panel.state import (
    BEFORE,
    FAST_10,
    FAST_60,
    FIT_10,
    FIT_60,
    JOINT_ROWS,
    LEVEL_10,
    LEVEL_60,
    SINCE_GATE,
    SLOW_FAST,
    SLOW_FIT,
    SLOW_LEVEL,
    TWO_BEFORE,
)

CLIP: Final = 5.0
SHORT: Final = 10.0
"""Readings of the short means."""
_STEP_TESTS: Final = 3
"""The first of JOINT_TESTS ask for steps, the last two for levels."""
_LEVEL_10_TEST: Final = 6
_UNKNOWN_STEP: Final = 0.9
"""Stands for a step's square where the two readings before are missing: a little below the ordinary 1."""


@compiled
def joint_step(
    sensor: int,
    head: FloatArray,
    later: FloatArray,
    sharper: Packed,
    work: FloatArray,
    squares: FloatArray,
    long_readings: float,
) -> tuple[float, float, int]:
    """Return (ratio, raw, the decisive test) of an ungated reading; write the tests' squares (8,) to `squares`."""
    count = sharper.together.shape[0]
    if count == 0:
        return 0.0, 0.0, 0
    for place in range(count):
        centre = sharper.centres[sensor, place] if sensor >= 0 else 0.0
        apart = (work[RESIDUAL, sharper.together[place]] - centre) / sharper.vectors[SCALE, place]
        work[PLACE, place] = min(max(apart, -CLIP), CLIP)
    step = _step_square(head, later, sharper, work, count)
    fit, shrink = _fit_square(head, later, sharper, work, count)
    _squares_step(head, later, sharper, work, step, fit, shrink, squares, count, long_readings)
    for place in range(count):
        later[TWO_BEFORE, place] = later[BEFORE, place]
        later[BEFORE, place] = work[PLACE, place]
    head[SINCE_GATE] += 1
    head[JOINT_ROWS] += 1
    ratio, raw, test = 0.0, 0.0, 0
    for number in range(squares.shape[0]):
        size = np.sqrt(squares[number])
        if size > ratio * sharper.numbers[FIRST_LIMIT + number]:
            ratio, raw, test = size / sharper.numbers[FIRST_LIMIT + number], size, number
    return ratio, raw, test


@compiled
def _step_square(head: FloatArray, later: FloatArray, sharper: Packed, work: FloatArray, count: int) -> float:
    """Return the mean square of the whitened error of the forecast."""
    known = head[SINCE_GATE] >= LAGS
    for place in range(count):
        expected = 0.0
        if known:
            for other in range(count):
                expected += sharper.matrices[place, other] * later[BEFORE, other]
                expected += sharper.matrices[place, count + other] * later[TWO_BEFORE, other]
        work[FORECAST, place] = expected
        error = (work[PLACE, place] - expected) / sharper.vectors[STEP, place]
        work[STRANGE, place] = min(max(error, -CLIP), CLIP)
    if not known:
        return _UNKNOWN_STEP
    square = 0.0
    for place in range(count):
        component = 0.0
        for other in range(count):
            component += sharper.matrices[place, 2 * count + other] * work[STRANGE, other]
        square += component * component
    return square / count


@compiled
def _fit_square(
    head: FloatArray, later: FloatArray, sharper: Packed, work: FloatArray, count: int
) -> tuple[float, float]:
    """Write the whitened place above its slow level; return its mean square, and what the slow square shrinks it by."""
    square = 0.0
    for place in range(count):
        component = 0.0
        for other in range(count):
            component += sharper.matrices[place, 3 * count + other] * (
                work[PLACE, other] - sharper.vectors[MEAN, other]
            )
        slow = later[SLOW_LEVEL, place]
        later[SLOW_LEVEL, place] += sharper.numbers[SLOW_LEVELS] * (component - slow)
        component -= slow
        work[WHITE, place] = component
        square += component * component
    square /= count
    shrink = max(1.0, head[SLOW_FIT])
    head[SLOW_FIT] += sharper.numbers[SLOW_SQUARES] * (min(square, sharper.numbers[FIT_CAP]) - head[SLOW_FIT])
    return square, shrink


@compiled
def _squares_step(
    head: FloatArray,
    later: FloatArray,
    sharper: Packed,
    work: FloatArray,
    step: float,
    fit: float,
    shrink: float,
    squares: FloatArray,
    count: int,
    long_readings: float,
) -> None:
    """Move the means on and write the eight squares; means of levels wait until they are of many readings."""
    usual = max(1.0, head[SLOW_FAST])
    head[SLOW_FAST] += sharper.numbers[SLOW_SQUARES] * (min(step, sharper.numbers[STEP_CAP]) - head[SLOW_FAST])
    step /= usual
    fit /= shrink
    young = 1 / (head[JOINT_ROWS] + 1)
    short, long = max(1 / SHORT, young), max(1 / long_readings, young)
    capped_step, capped_fit = min(step, sharper.numbers[STEP_CAP]), min(fit, sharper.numbers[FIT_CAP])
    head[FAST_10] += short * (capped_step - head[FAST_10])
    head[FAST_60] += long * (capped_step - head[FAST_60])
    head[FIT_10] += short * (capped_fit - head[FIT_10])
    head[FIT_60] += long * (capped_fit - head[FIT_60])
    level_10, level_60 = 0.0, 0.0
    for place in range(count):
        component = work[WHITE, place] / np.sqrt(shrink)
        later[LEVEL_10, place] += short * (component - later[LEVEL_10, place])
        later[LEVEL_60, place] += long * (component - later[LEVEL_60, place])
        level_10 += later[LEVEL_10, place] ** 2
        level_60 += later[LEVEL_60, place] ** 2
    squares[0], squares[1], squares[2] = step, head[FAST_10], head[FAST_60]
    squares[3], squares[4], squares[5] = fit, head[FIT_10], head[FIT_60]
    squares[6] = level_10 / count if head[JOINT_ROWS] >= SHORT else 0.0
    squares[7] = level_60 / count if head[JOINT_ROWS] >= long_readings else 0.0


@compiled
def joint_expectation_step(
    test: int, sensor: int, later: FloatArray, sharper: Packed, work: FloatArray, contribution: FloatArray
) -> None:
    """Write each channel's share of the decisive test, and to `work` FORECAST the r that the others let be expected.

    The share is what the square would lose without the channel (its own part of Hotelling's T²).
    """
    count = sharper.together.shape[0]
    of_steps = test < _STEP_TESTS
    _decisive_step(test, later, sharper, work, count)
    total = 0.0
    contribution[:] = 0.0
    for place in range(count):
        pull, weight = 0.0, 0.0
        for other in range(count):
            entry = (
                sharper.matrices[other, 2 * count + place] if of_steps else sharper.matrices[other, 3 * count + place]
            )
            pull += entry * work[WHITE, other]
            weight += entry * entry
        off = pull / weight * (sharper.vectors[STEP, place] if of_steps else 1.0)
        centre = sharper.centres[sensor, place] if sensor >= 0 else 0.0
        work[FORECAST, place] = centre + (work[PLACE, place] - off) * sharper.vectors[SCALE, place]
        contribution[sharper.together[place]] = pull * pull / weight
        total += pull * pull / weight
    if total > 0:
        for channel in range(contribution.shape[0]):
            contribution[channel] /= total


@compiled
def _decisive_step(test: int, later: FloatArray, sharper: Packed, work: FloatArray, count: int) -> None:
    """Write to `work` WHITE the whitened vector whose square the decisive test is."""
    for place in range(count):
        if test < _STEP_TESTS:
            component = 0.0
            for other in range(count):
                component += sharper.matrices[place, 2 * count + other] * work[STRANGE, other]
            work[WHITE, place] = component
        elif test == _LEVEL_10_TEST:
            work[WHITE, place] = later[LEVEL_10, place]
        elif test > _LEVEL_10_TEST:
            work[WHITE, place] = later[LEVEL_60, place]
