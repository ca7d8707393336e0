"""Drift: the level creeps away from where training found it, over minutes to days.

A mean over about ten minutes of block means, against a reference that follows it slowly, so that a new normal ends the
alarm; nothing is judged more finely than the channel has swung about it lately. How far the level has gone from where
training found it is the kind `wear`, which is written down and calls nobody: a slow wear is not forgotten. A reference
of the first generation is fixed.
"""

import numpy as np

from ml.detector import FloatArray
from ml.panel.compiled import compiled
from ml.panel.options import DRIFT, WEAR, Pace
from ml.panel.residual import RESIDUAL
from ml.panel.state import BLOCK_ROWS, BLOCK_SUM, BLOCKS, DRIFT_ON, LEVEL, MOVED, OUTSIDE_ON, SWING
from ml.panel.tables import ALLOWANCE, REFERENCE, STEP_SCALE, Tables

_OFF_BELOW = 0.8


@compiled
def drift_step(
    state: FloatArray,
    channels: FloatArray,
    head: FloatArray,
    later: FloatArray,
    personal: FloatArray,
    tables: Tables,
    pace: Pace,
    work: FloatArray,
    shares: FloatArray,
) -> tuple[float, float]:
    """Return (ratio, raw) of an ungated reading."""
    full = _block_step(state, channels, tables, pace, work)
    if full and pace.reference_weight > 0 and state[BLOCKS] >= pace.drift_blocks:
        _follow_step(channels, head, later, personal, tables, pace)
    ratio, raw = 0.0, 0.0
    if state[BLOCKS] >= pace.drift_blocks:
        for channel in range(work.shape[1]):
            if not tables.judged[channel] or tables.wanders[channel]:
                continue
            away = channels[LEVEL, channel] - personal[REFERENCE, channel]
            moved = abs(away - later[MOVED, channel])
            share = moved / max(personal[ALLOWANCE, channel], pace.swing_factor * np.sqrt(later[SWING, channel]))
            shares[DRIFT, channel] = share
            shares[WEAR, channel] = abs(away) / personal[ALLOWANCE, channel]
            if share > ratio:
                ratio, raw = share, moved / personal[STEP_SCALE, channel]
    if state[DRIFT_ON] > 0:
        if ratio < _OFF_BELOW:
            state[DRIFT_ON] = 0.0
    elif ratio > 1:
        state[DRIFT_ON] = 1.0
    return ratio, raw


@compiled
def _block_step(state: FloatArray, channels: FloatArray, tables: Tables, pace: Pace, work: FloatArray) -> bool:
    """Take the reading into its block; a full block's mean moves the level on, a plain mean for the first ten.

    Return whether the block is full.
    """
    for channel in range(work.shape[1]):
        if tables.judged[channel]:
            channels[BLOCK_SUM, channel] += work[RESIDUAL, channel]
    state[BLOCK_ROWS] += 1
    if state[BLOCK_ROWS] < pace.block_readings:
        return False
    state[BLOCKS] += 1
    for channel in range(work.shape[1]):
        mean = channels[BLOCK_SUM, channel] / state[BLOCK_ROWS]
        channels[BLOCK_SUM, channel] = 0.0
        if tables.judged[channel]:
            channels[LEVEL, channel] += (mean - channels[LEVEL, channel]) / min(pace.drift_blocks, state[BLOCKS])
    state[BLOCK_ROWS] = 0.0
    return True


@compiled
def _follow_step(
    channels: FloatArray, head: FloatArray, later: FloatArray, personal: FloatArray, tables: Tables, pace: Pace
) -> None:
    """Let the reference follow the level, and take down how far the level stands from it.

    While a level is outside everything seen the references stand still: it must not become normal by being watched.
    """
    weight = 0.0 if head[OUTSIDE_ON] > 0 else pace.reference_weight
    for channel in range(channels.shape[1]):
        if tables.judged[channel]:
            away = channels[LEVEL, channel] - personal[REFERENCE, channel]
            later[MOVED, channel] += weight * (away - later[MOVED, channel])
            apart = away - later[MOVED, channel]
            later[SWING, channel] += pace.swing_weight * (apart * apart - later[SWING, channel])
