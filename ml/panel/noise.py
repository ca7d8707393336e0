"""Noise: a channel's readings scatter more than they did, around a level that may be right.

The ratio is counted from the usual scatter on, so that an alarm ends when the scatter comes back to it, however little
the threshold lies above it. Scatter that has stayed for days is the usual one.
"""

import numpy as np

from ml.detector import FloatArray
from ml.panel.compiled import compiled
from ml.panel.options import NOISE, Pace
from ml.panel.residual import ERROR
from ml.panel.sharper import NOISE_USUAL, Packed
from ml.panel.state import NOISE_ON, SCATTER, SLOW_SCATTER
from ml.panel.tables import SCATTER as ORDINARY_SCATTER
from ml.panel.tables import Tables

_OFF_BELOW = 0.85


@compiled
def noise_step(
    state: FloatArray,
    channels: FloatArray,
    later: FloatArray,
    personal: FloatArray,
    tables: Tables,
    sharper: Packed,
    pace: Pace,
    work: FloatArray,
    shares: FloatArray,
) -> tuple[float, float]:
    """Return (ratio, raw) of an ungated reading (MacGregor, Harris 1993: an exponentially weighted variance)."""
    ratio, raw = 0.0, 0.0
    for channel in range(work.shape[1]):
        if not tables.judged[channel]:
            continue
        square = work[ERROR, channel] * work[ERROR, channel]
        channels[SCATTER, channel] += (min(square, pace.scatter_clip) - channels[SCATTER, channel]) / (
            pace.scatter_readings
        )
        scatter = np.sqrt(channels[SCATTER, channel] / personal[ORDINARY_SCATTER, channel])
        if pace.scatter_weight > 0:
            slow = later[SLOW_SCATTER, channel]
            later[SLOW_SCATTER, channel] += pace.scatter_weight * (scatter * scatter - slow)
            scatter /= max(1.0, np.sqrt(slow))
        usual = sharper.channels[NOISE_USUAL, channel]
        share = 0.0
        if not tables.wanders[channel]:
            share = max(0.0, scatter - usual) / (tables.noise_limit[channel] - usual)
        shares[NOISE, channel] = share
        if share > ratio:
            ratio, raw = share, scatter
    if state[NOISE_ON] > 0:
        if ratio < _OFF_BELOW:
            state[NOISE_ON] = 0.0
    elif ratio > 1:
        state[NOISE_ON] = 1.0
    return ratio, raw
