"""Outside: a level beyond everything that training saw, for as long as it lasts; channels that wander are judged too.

The fast mean of the residual against bounds from training's extremes, with a tail. They are carried along with the
drift's reference, and widened where it swings more than in training, so that a level that stays becomes the new normal.
"""

from typing import Final

import numpy as np

from ml.detector import FloatArray
from ml.panel.compiled import compiled
from ml.panel.options import OUTSIDE, Pace
from ml.panel.sharper import HIGH, LOW, ORDINARY_SWING, STRANGE_HIGH, STRANGE_LOW, Packed
from ml.panel.state import FAST, MOVED, OUTSIDE_ON, OUTSIDE_ROWS, OUTSIDE_TROUGH, SWING
from ml.panel.tables import REFERENCE, STEP_SCALE, Tables

_STRANGE_SWING: Final = 6.0
"""Width of the bounds over the ordinary swing, for a sensor that training did not know."""


@compiled
def outside_step(
    sensor: int,
    head: FloatArray,
    channels: FloatArray,
    later: FloatArray,
    personal: FloatArray,
    tables: Tables,
    sharper: Packed,
    pace: Pace,
    shares: FloatArray,
) -> tuple[float, float]:
    """Return (ratio, raw) of an ungated reading: distance from the middle of the bounds over half their width."""
    ratio, raw = 0.0, 0.0
    for channel in range(channels.shape[1]):
        if not tables.judged[channel]:
            continue
        unit = personal[STEP_SCALE, channel]
        if sensor >= 0:
            low, high = sharper.sensors[sensor, LOW, channel], sharper.sensors[sensor, HIGH, channel]
            ordinary = sharper.sensors[sensor, ORDINARY_SWING, channel]
        else:
            low, high = sharper.channels[STRANGE_LOW, channel] * unit, sharper.channels[STRANGE_HIGH, channel] * unit
            ordinary = (high - low) / _STRANGE_SWING
        away = channels[FAST, channel] - personal[REFERENCE, channel] - later[MOVED, channel]
        room = (high - low) / 2 * max(1.0, np.sqrt(later[SWING, channel]) / (pace.outside_swing * ordinary))
        share = abs(away - (low + high) / 2) / room
        shares[OUTSIDE, channel] = share
        if share > ratio:
            ratio, raw = share, np.abs(away) / unit
    if head[OUTSIDE_ON] > 0:
        if ratio < 1:
            head[OUTSIDE_ON] = 0.0
            head[OUTSIDE_TROUGH] = ratio
    else:
        trough = min(head[OUTSIDE_TROUGH], ratio)
        head[OUTSIDE_TROUGH] = trough if trough > pace.outside_back else 0.0
        beyond = ratio > max(1.0, head[OUTSIDE_TROUGH] * pace.outside_rise)
        head[OUTSIDE_ROWS] = head[OUTSIDE_ROWS] + 1 if beyond else np.float64(0)
        if head[OUTSIDE_ROWS] >= pace.outside_wait:
            head[OUTSIDE_ON] = 1.0
            head[OUTSIDE_ROWS] = 0.0
    return ratio, raw
