"""What a kind expected of a reading, and which channels made its ratio."""

import numpy as np

from ml.detector import FloatArray
from ml.panel.compiled import compiled
from ml.panel.options import NOISE, SHIFT, SPIKE
from ml.panel.residual import MEDIAN, PREDICTED, SPREAD
from ml.panel.spike import BAND
from ml.panel.state import BASE
from ml.panel.tables import REFERENCE, Tables


@compiled
def explanation_step(
    kind: int,
    test: int,
    channels: FloatArray,
    personal: FloatArray,
    tables: Tables,
    work: FloatArray,
    shares: FloatArray,
    expected: FloatArray,
    contribution: FloatArray,
) -> None:
    """Write one row of `expected` (c,), in the channels' units, and of `contribution` (c,).

    A contribution is the channel's own ratio; where all channels together spoke, its share of e². A condition is not
    expected to be anything, and contributes only by being stuck.
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
        else:
            usual = personal[REFERENCE, channel]
        expected[channel] = work[PREDICTED, channel] + usual * work[SPREAD, channel]
        if kind == SPIKE and test != BAND and tables.own_steps[channel]:
            expected[channel] = work[MEDIAN, channel]
