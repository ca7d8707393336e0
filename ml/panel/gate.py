"""When not to judge: while the load changes, at standstill, beyond the trained range, and until a start has settled.

A gated reading is a fact about the operation, not about the machine's health; judged, it is the false alarm of the day.
"""

import numpy as np

from ml.detector import FloatArray
from ml.panel.compiled import compiled
from ml.panel.options import Pace
from ml.panel.state import GATE_LEFT
from ml.panel.tables import Tables


@compiled
def gate_step(
    row: FloatArray,
    drivers: FloatArray,
    means: FloatArray,
    state: FloatArray,
    tables: Tables,
    pace: Pace,
    restart: bool,
) -> bool:
    """Return whether this reading is gated; write its drivers' shares of full scale to `drivers` (d,).

    The first driver says whether the machine operates, so its range closes the gate; further ones are measured
    surroundings and are held to the range. `means` (d,) are their ten-second means.
    """
    left = state[GATE_LEFT]
    for driver in range(drivers.shape[0]):
        share = row[tables.drivers[driver]] / tables.driver_scale[driver]
        if restart:
            means[driver] = share
        means[driver] += pace.driver_weight * (share - means[driver])
        if abs(share - means[driver]) > tables.step_limit[driver]:
            left = max(left, pace.hold_step)
        low, high = tables.driver_low[driver], tables.driver_high[driver]
        if driver > 0:
            share = min(max(share, low), high)
        elif share < low or share > high:
            left = max(left, pace.hold_range)
        drivers[driver] = share
    if restart:
        left = max(left, pace.settle_readings)
    gated = bool(left > 0)
    state[GATE_LEFT] = left - 1 if gated else np.float64(0)
    return gated
