"""Shift: the level has moved, within seconds to minutes, and stays.

A fast mean of the residual against a slow one (Roberts 1959), smoothed, per channel. The slow one takes a new level
behind the gate, where levels change for good reasons, and creeps while in alarm, so that a new normal ends it.
"""

from typing import Final

import numpy as np

from ml.detector import FloatArray
from ml.panel.compiled import compiled
from ml.panel.options import SHIFT, Pace
from ml.panel.residual import RESIDUAL
from ml.panel.state import (
    BASE,
    FAST,
    KEPT,
    NO_TROUGH,
    RESTLESS,
    ROWS,
    SHIFT_LEVEL,
    SHIFT_ON,
    SHIFT_PEAK,
    SHIFT_TROUGH,
)
from ml.panel.tables import SHIFT_SCALE, Tables

_LEAST_KEPT: Final = 0.05


@compiled
def shift_step(
    state: FloatArray,
    channels: FloatArray,
    later: FloatArray,
    personal: FloatArray,
    tables: Tables,
    pace: Pace,
    work: FloatArray,
    shares: FloatArray,
    gated: bool,
) -> tuple[float, float]:
    """Return (ratio, raw), 0 when gated; the alarm is moved on in `state`."""
    ratio, raw = 0.0, 0.0
    rows = state[ROWS]
    fast_weight = max(pace.fast_weight, 1 / (rows + 1))
    for channel in range(work.shape[1]):
        if rows == 0:
            channels[FAST, channel] = work[RESIDUAL, channel]
            if state[KEPT] == 0:
                channels[BASE, channel] = work[RESIDUAL, channel]
        channels[FAST, channel] += fast_weight * (work[RESIDUAL, channel] - channels[FAST, channel])
        if gated or not tables.judged[channel] or tables.wanders[channel]:
            continue
        apart = abs(channels[FAST, channel] - channels[BASE, channel])
        restless = later[RESTLESS, channel]
        if pace.restless_weight > 0:
            weight = pace.restless_weight * (pace.base_leak if state[SHIFT_ON] > 0 else 1.0)
            counted = min(apart, pace.restless_clip * personal[SHIFT_SCALE, channel])
            later[RESTLESS, channel] += weight * (counted * counted - restless)
        apart /= max(personal[SHIFT_SCALE, channel], pace.restless_factor * np.sqrt(restless))
        channels[SHIFT_LEVEL, channel] += (apart - channels[SHIFT_LEVEL, channel]) / pace.smooth_readings
        share = channels[SHIFT_LEVEL, channel] / tables.shift_limit[channel]
        shares[SHIFT, channel] = share
        if share > ratio:
            ratio, raw = share, channels[SHIFT_LEVEL, channel]
    if not gated:
        _alarm_step(state, np.log(max(ratio, 1e-12)), pace)
    _baseline_step(state, channels, pace, gated)
    return ratio, raw


@compiled
def kept_over(gap: float, state: FloatArray, pace: Pace) -> float:
    """Return the share of the baseline that is still believed after `gap` intervals without a reading.

    A machine that falls silent and comes back at another level has shifted, so a gap is a gate: an alarm stands, a
    baseline takes the new level in part. The longer the silence, the better the reasons: the drift's ten minutes
    decide, and after half an hour nothing is believed.
    """
    known = 1.0 if state[ROWS] >= pace.settle_readings else state[KEPT]
    kept = known * np.exp(-gap / (pace.drift_blocks * pace.block_readings))
    return kept if kept > _LEAST_KEPT else 0.0


@compiled
def _alarm_step(state: FloatArray, height: float, pace: Pace) -> None:
    """Alarm above the threshold when clearly above the last trough; end below it, or clearly below the peak."""
    if state[SHIFT_ON] > 0:
        state[SHIFT_PEAK] = max(state[SHIFT_PEAK], height)
        if height < 0 or height < state[SHIFT_PEAK] - pace.shift_fall:
            state[SHIFT_ON] = 0.0
            state[SHIFT_TROUGH] = height
        return
    state[SHIFT_TROUGH] = NO_TROUGH if height < 0 else min(state[SHIFT_TROUGH], height)
    if height > 0 and height > state[SHIFT_TROUGH] + pace.shift_rise:
        state[SHIFT_ON] = 1.0
        state[SHIFT_PEAK] = height


@compiled
def _baseline_step(state: FloatArray, channels: FloatArray, pace: Pace, gated: bool) -> None:
    rows, alarmed = state[ROWS], state[SHIFT_ON] > 0
    if gated and alarmed:
        return
    young = 1 / (rows + 1) if state[KEPT] == 0 else 0.0
    if not gated:
        weight = max(pace.base_weight, young) * (pace.base_leak if alarmed else 1.0)
    elif rows >= pace.settle_readings:
        weight = 1.0
    elif rows == pace.settle_readings - 1 and state[KEPT] > 0:
        weight = 1 - state[KEPT]
    else:
        weight = young
    for channel in range(channels.shape[1]):
        if weight == 1.0:
            channels[BASE, channel] = channels[FAST, channel]
        else:
            channels[BASE, channel] += weight * (channels[FAST, channel] - channels[BASE, channel])
