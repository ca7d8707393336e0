"""What a kind expected of a reading, and which channels made its ratio."""

import numpy as np

from ml.detector import FloatArray
from ml.panel.compiled import compiled
from ml.panel.joint import joint_expectation_step
from ml.panel.options import JOINT, NOISE, OUTSIDE, SHIFT, SPIKE, WEAR
from ml.panel.residual import FORECAST, MEDIAN, PREDICTED, SPREAD
from ml.panel.sharper import HIGH, LOW, STRANGE_HIGH, STRANGE_LOW, Packed
from ml.panel.spike import BAND
from ml.panel.state import BASE, FAST, MOVED
from ml.panel.tables import REFERENCE, STEP_SCALE, Tables


@compiled
def explanation_step(
    kind: int,
    test: int,
    sensor: int,
    channels: FloatArray,
    later: FloatArray,
    personal: FloatArray,
    tables: Tables,
    sharper: Packed,
    work: FloatArray,
    shares: FloatArray,
    expected: FloatArray,
    contribution: FloatArray,
) -> None:
    """Write one row of `expected` (c,), in the channels' units, and of `contribution` (c,).

    A contribution is the channel's own ratio; where all channels together spoke, its share of e², or of the joint
    statistic. A condition is not expected to be anything, and contributes only by being stuck.
    """
    for channel in range(work.shape[1]):
        contribution[channel] = shares[kind, channel]
        if not tables.judged[channel]:
            expected[channel] = np.nan
            continue
        if kind == SPIKE and test != BAND:
            usual = work[MEDIAN, channel]
        elif kind in (SHIFT, NOISE):
            usual = channels[BASE, channel]
        elif kind == OUTSIDE:
            usual = _nearest_inside(sensor, channel, channels, later, personal, sharper)
        elif kind == WEAR:
            usual = personal[REFERENCE, channel]
        else:
            usual = personal[REFERENCE, channel] + later[MOVED, channel]
        expected[channel] = work[PREDICTED, channel] + usual * work[SPREAD, channel]
        if kind == SPIKE and test != BAND and tables.own_steps[channel]:
            expected[channel] = work[MEDIAN, channel]
    if kind == JOINT:
        joint_expectation_step(test, sensor, later, sharper, work, contribution)
        for place in range(sharper.together.shape[0]):
            channel = sharper.together[place]
            expected[channel] = work[PREDICTED, channel] + work[FORECAST, place] * work[SPREAD, channel]


@compiled
def _nearest_inside(
    sensor: int, channel: int, channels: FloatArray, later: FloatArray, personal: FloatArray, sharper: Packed
) -> float:
    """Return the r within the bounds that is nearest to the channel's fast mean."""
    middle = personal[REFERENCE, channel] + later[MOVED, channel]
    if sensor >= 0:
        low, high = sharper.sensors[sensor, LOW, channel], sharper.sensors[sensor, HIGH, channel]
    else:
        unit = personal[STEP_SCALE, channel]
        low, high = sharper.channels[STRANGE_LOW, channel] * unit, sharper.channels[STRANGE_HIGH, channel] * unit
    return float(middle + min(max(channels[FAST, channel] - middle, low), high))
