"""Stuck: a channel repeats exactly one value for longer than chance and its converter's steps explain."""

import numpy as np

from ml.detector import FloatArray
from ml.panel.compiled import compiled
from ml.panel.options import STUCK
from ml.panel.state import LAST, RUN
from ml.panel.tables import STUCK_LIMIT


@compiled
def stuck_step(
    row: FloatArray, channels: FloatArray, personal: FloatArray, shares: FloatArray, gated: bool, first: bool
) -> tuple[float, float]:
    """Return (ratio, raw); conditions are judged too. A machine behind the gate may rightly stand still."""
    ratio, raw = 0.0, 0.0
    for channel in range(row.shape[0]):
        unchanged = not first and not gated and row[channel] == channels[LAST, channel]
        channels[RUN, channel] = channels[RUN, channel] + 1 if unchanged else np.float64(0)
        channels[LAST, channel] = row[channel]
        share = channels[RUN, channel] / personal[STUCK_LIMIT, channel]
        shares[STUCK, channel] = share
        if share > ratio:
            ratio, raw = share, channels[RUN, channel]
    return ratio, raw
