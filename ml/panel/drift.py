"""Drift: the level creeps away from where training found it, over minutes to days.

A mean over about ten minutes of block means, against a reference that is fixed: one that learns would follow the drift.
"""

from ml.detector import FloatArray
from ml.panel.compiled import compiled
from ml.panel.options import DRIFT, Pace
from ml.panel.residual import RESIDUAL
from ml.panel.state import BLOCK_ROWS, BLOCK_SUM, BLOCKS, DRIFT_ON, LEVEL
from ml.panel.tables import ALLOWANCE, REFERENCE, STEP_SCALE, Tables

_OFF_BELOW = 0.8


@compiled
def drift_step(
    state: FloatArray,
    channels: FloatArray,
    personal: FloatArray,
    tables: Tables,
    pace: Pace,
    work: FloatArray,
    shares: FloatArray,
) -> tuple[float, float]:
    """Return (ratio, raw) of an ungated reading."""
    _block_step(state, channels, tables, pace, work)
    ratio, raw = 0.0, 0.0
    if state[BLOCKS] >= pace.drift_blocks:
        for channel in range(work.shape[1]):
            if not tables.judged[channel] or tables.wanders[channel]:
                continue
            moved = abs(channels[LEVEL, channel] - personal[REFERENCE, channel])
            share = moved / personal[ALLOWANCE, channel]
            shares[DRIFT, channel] = share
            if share > ratio:
                ratio, raw = share, moved / personal[STEP_SCALE, channel]
    if state[DRIFT_ON] > 0:
        if ratio < _OFF_BELOW:
            state[DRIFT_ON] = 0.0
    elif ratio > 1:
        state[DRIFT_ON] = 1.0
    return ratio, raw


@compiled
def _block_step(state: FloatArray, channels: FloatArray, tables: Tables, pace: Pace, work: FloatArray) -> None:
    """Take the reading into its block; a full block's mean moves the level on, a plain mean for the first ten."""
    for channel in range(work.shape[1]):
        if tables.judged[channel]:
            channels[BLOCK_SUM, channel] += work[RESIDUAL, channel]
    state[BLOCK_ROWS] += 1
    if state[BLOCK_ROWS] < pace.block_readings:
        return
    state[BLOCKS] += 1
    for channel in range(work.shape[1]):
        mean = channels[BLOCK_SUM, channel] / state[BLOCK_ROWS]
        channels[BLOCK_SUM, channel] = 0.0
        if tables.judged[channel]:
            channels[LEVEL, channel] += (mean - channels[LEVEL, channel]) / min(pace.drift_blocks, state[BLOCKS])
    state[BLOCK_ROWS] = 0.0
