"""Spike: one reading that its channel's last five did not announce.

Three tests share the kind: one channel far from the median of its last five (Hampel 1974); every channel a little off
at once (after Hotelling 1947); a channel outside the band that its level may wander in.
"""

from typing import Final

import numpy as np

from ml.detector import FloatArray
from ml.panel.compiled import compiled
from ml.panel.options import SPIKE, Pace
from ml.panel.residual import ERROR, MEDIAN, RESIDUAL
from ml.panel.state import HISTORY, MOVED, SWING
from ml.panel.tables import ALLOWANCE, REFERENCE, STEP_SCALE, Tables

SINGLE: Final = 0
BAND: Final = 1
JOINT: Final = 2


@compiled
def _median_of_five(ring: FloatArray, channel: int) -> float:
    a, b, c, d, e = ring[0, channel], ring[1, channel], ring[2, channel], ring[3, channel], ring[4, channel]
    # Of four, the median of five is neither the least nor the greatest; what is left is a median of three.
    if a > b:
        a, b = b, a
    if c > d:
        c, d = d, c
    low, high = max(a, c), min(b, d)
    return float(max(min(low, high), min(max(low, high), e)))


@compiled
def error_step(
    row: FloatArray,
    channels: FloatArray,
    personal: FloatArray,
    tables: Tables,
    work: FloatArray,
    ring_place: int,
    first: bool,
) -> None:
    """Compare each channel with its last five, then let the reading take the oldest's place."""
    ring = channels[HISTORY : HISTORY + 5]
    for channel in range(work.shape[1]):
        value = row[channel] if tables.own_steps[channel] else work[RESIDUAL, channel]
        if first:
            for place in range(5):
                ring[place, channel] = value
        work[MEDIAN, channel] = _median_of_five(ring, channel)
        work[ERROR, channel] = (value - work[MEDIAN, channel]) / personal[STEP_SCALE, channel]
        ring[ring_place, channel] = value


@compiled
def spike_step(
    later: FloatArray, personal: FloatArray, tables: Tables, pace: Pace, work: FloatArray, shares: FloatArray
) -> tuple[float, float, int]:
    """Return (ratio, raw, which test was decisive); write each channel's share."""
    ratio, raw, test, squares, judged = 0.0, 0.0, SINGLE, 0.0, 0
    for channel in range(work.shape[1]):
        if not tables.judged[channel]:
            continue
        size = abs(work[ERROR, channel])
        squares += size * size
        judged += 1
        single = size / tables.spike_limit[channel]
        share = single
        if single > ratio:
            ratio, raw, test = single, size, SINGLE
        if not tables.wanders[channel]:
            allowance = max(personal[ALLOWANCE, channel], pace.swing_factor * np.sqrt(later[SWING, channel]))
            outside = abs(work[RESIDUAL, channel] - personal[REFERENCE, channel] - later[MOVED, channel]) - allowance
            outside /= personal[STEP_SCALE, channel]
            band = outside / tables.band_limit[channel]
            share = max(share, band)
            if band > ratio:
                ratio, raw, test = band, outside, BAND
        shares[SPIKE, channel] = share
    if judged > 1:
        together = np.sqrt(squares / judged)
        if together / tables.joint_limit[0] > ratio:
            ratio, raw, test = together / tables.joint_limit[0], together, JOINT
            for channel in range(work.shape[1]):
                if tables.judged[channel]:
                    shares[SPIKE, channel] = work[ERROR, channel] ** 2 / squares
    return ratio, raw, test
