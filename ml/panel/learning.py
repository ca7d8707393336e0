"""Getting to know a sensor that training did not: its own offset, gain and scales, from sums alone.

What the conditions explain (the weights) and the thresholds are its siblings'. Rows are not kept: a state stays small
however many new sensors there are. What training takes from sorted rows is taken here from sums: the median of |e| by
stochastic approximation (Robbins, Monro 1951), the reference as the mean.
"""

from math import log
from typing import Final

import numpy as np

from ml.detector import FloatArray
from ml.panel.compiled import compiled, compiled_apart
from ml.panel.options import DAY_S, OFF, Pace
from ml.panel.residual import ERROR, EXPLAINED
from ml.panel.state import (
    BASE,
    FAST,
    LAST,
    LEARNED_ROWS,
    LEAST_G,
    LEAST_X,
    LONGEST_RUN,
    MEAN_G,
    MEAN_X,
    MOST_G,
    MOST_X,
    QUANTUM,
    RUN,
    STEP_MEDIAN,
    SUM_EE,
    SUM_GG,
    SUM_GX,
    SUM_SCATTER,
    SUM_SHIFT,
    SUM_XX,
    UNCHANGED,
)
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

_FIRST_ROWS: Final = 60.0
_NORMAL_MEAN_TO_MEDIAN: Final = 0.845
"""Median over mean of |e| for normal e."""
_MEDIAN_STEP: Final = 1.165
"""1/(2·f·m) for normal e, f the density of |e| at its median m: the best constant of the approximation."""
_LEAST: Final = 1e-9
_ROOT_12: Final = 12**0.5
_MAD_TO_SD: Final = 1.4826


def provisional(channels: int) -> FloatArray:
    """Return the numbers a sensor is followed with while it is unknown: no offset, its siblings' gain, no alarm."""
    personal = np.zeros((PERSONAL_FIELDS, channels))
    personal[[GAIN, RESIDUAL_SCALE, STEP_SCALE, SCATTER]] = 1.0
    personal[[SEEN_HIGH, SHIFT_SCALE, ALLOWANCE, STUCK_LIMIT]] = OFF
    personal[SEEN_LOW] = -OFF
    return personal


@compiled
def _step_scale(room: FloatArray, channel: int, rows: float) -> float:
    robust = _MAD_TO_SD * room[STEP_MEDIAN, channel]
    return float(max(robust, 0.5 * np.sqrt(room[SUM_EE, channel] / rows), room[QUANTUM, channel] / _ROOT_12)) + _LEAST


@compiled
def learn_step(
    row: FloatArray,
    state: FloatArray,
    channels: FloatArray,
    room: FloatArray,
    work: FloatArray,
    pace: Pace,
    first: bool,
) -> None:
    """Take one judgeable reading into the sums; `channels` still holds the value before it."""
    state[LEARNED_ROWS] += 1
    rows = state[LEARNED_ROWS]
    for channel in range(row.shape[0]):
        value, explained = row[channel], work[EXPLAINED, channel]
        if rows == 1:
            room[LEAST_G, channel], room[MOST_G, channel] = explained, explained
            room[LEAST_X, channel], room[MOST_X, channel] = value, value
        from_x, from_g = value - room[MEAN_X, channel], explained - room[MEAN_G, channel]
        room[MEAN_X, channel] += from_x / rows
        room[MEAN_G, channel] += from_g / rows
        room[SUM_XX, channel] += from_x * (value - room[MEAN_X, channel])
        room[SUM_GG, channel] += from_g * (explained - room[MEAN_G, channel])
        room[SUM_GX, channel] += from_g * (value - room[MEAN_X, channel])
        room[LEAST_G, channel] = min(room[LEAST_G, channel], explained)
        room[MOST_G, channel] = max(room[MOST_G, channel], explained)
        room[LEAST_X, channel] = min(room[LEAST_X, channel], value)
        room[MOST_X, channel] = max(room[MOST_X, channel], value)
        if not first:
            step = abs(value - channels[LAST, channel])
            if step == 0:
                room[UNCHANGED, channel] += 1
                room[LONGEST_RUN, channel] = max(room[LONGEST_RUN, channel], channels[RUN, channel] + 1)
            elif step > _LEAST and (room[QUANTUM, channel] == 0 or step < room[QUANTUM, channel]):
                room[QUANTUM, channel] = step
        _scales_step(room, channels, channel, rows, abs(work[ERROR, channel]), pace)


@compiled
def _scales_step(room: FloatArray, channels: FloatArray, channel: int, rows: float, size: float, pace: Pace) -> None:
    room[SUM_EE, channel] += size * size
    median = room[STEP_MEDIAN, channel]
    if rows <= _FIRST_ROWS:
        room[STEP_MEDIAN, channel] += (_NORMAL_MEAN_TO_MEDIAN * size - median) / rows
    else:
        # A median of exactly 0, as a coarse converter gives at first, must be able to leave 0.
        step = _MEDIAN_STEP * max(median, 0.1 * np.sqrt(room[SUM_EE, channel] / rows)) / rows
        room[STEP_MEDIAN, channel] = max(0.0, median + (step if size > median else -step))
    if rows > pace.learning_readings // 2:
        scaled = size / _step_scale(room, channel, rows)
        room[SUM_SCATTER, channel] += min(scaled * scaled, pace.scatter_clip)
    apart = channels[FAST, channel] - channels[BASE, channel]
    room[SUM_SHIFT, channel] += apart * apart


@compiled
def learned(room: FloatArray, rows: float, tables: Tables, pace: Pace) -> FloatArray:
    """Return the sensor's own numbers from its sums: float64 array (PERSONAL_FIELDS, c)."""
    own = np.zeros((PERSONAL_FIELDS, room.shape[1]))
    certain = 1 / pace.gain_spread**2
    for channel in range(room.shape[1]):
        xx, gg, gx = room[SUM_XX, channel], room[SUM_GG, channel], room[SUM_GX, channel]
        unit = pace.readings_per_independent * max((xx - 2 * gx + gg) / rows, 1e-12)
        gain = (gx / unit + certain) / (gg / unit + certain)
        own[GAIN, channel] = gain
        own[GAIN_VARIANCE, channel] = 1 / (gg / unit + certain)
        own[GAIN_CENTRE, channel] = room[MEAN_G, channel]
        own[OFFSET, channel] = room[MEAN_X, channel] - gain * room[MEAN_G, channel]
        own[SEEN_LOW, channel] = room[LEAST_G, channel]
        own[SEEN_HIGH, channel] = room[MOST_G, channel]
        quantum = room[QUANTUM, channel] / _ROOT_12
        spread = np.sqrt(max(xx - 2 * gain * gx + gain * gain * gg, 0.0) / rows)
        own[RESIDUAL_SCALE, channel] = max(spread, quantum) + _LEAST
        own[STEP_SCALE, channel] = _step_scale(room, channel, rows)
        floor = tables.shift_floor[channel] * own[STEP_SCALE, channel]
        own[SHIFT_SCALE, channel] = max(np.sqrt(room[SUM_SHIFT, channel] / rows), quantum / 2, floor) + _LEAST
        own[SCATTER, channel] = room[SUM_SCATTER, channel] / (rows - pace.learning_readings // 2) + _LEAST
        own[REFERENCE, channel] = 0.0
        allowance = tables.allowance[channel]
        own[ALLOWANCE, channel] = allowance * own[STEP_SCALE, channel] if allowance < OFF else OFF
        # A third value lies between two others, so fewer than three values are at most one step apart.
        moves = room[MOST_X, channel] - room[LEAST_X, channel] > 1.5 * room[QUANTUM, channel] > 0
        own[STUCK_LIMIT, channel] = stuck_limit(
            room[UNCHANGED, channel] / rows, room[LONGEST_RUN, channel], moves, pace.interval_s, pace.stuck_budget
        )
    return own


@compiled_apart
def stuck_limit(unchanged: float, longest: float, moves: bool, interval_s: float, budget: float) -> float:
    """Return the run of equal readings that is longer than chance gives within the budget.

    unchanged: share of readings equal to the one before; budget: false incidents per day for this channel. Runs of a
    share p begin (1−p) times a reading and reach R with probability p^R.
    """
    if unchanged > 0.995 or not moves:
        return OFF
    share = max(unchanged, 0.05)
    by_chance = log(DAY_S / interval_s * (1 - share) / budget) / -log(share)
    return max(2 * longest + 5, by_chance, 10.0)
