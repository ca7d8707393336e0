"""Where a new stretch of a sensor's readings begins: behind a gap too long for what was remembered of it to hold."""

import numpy as np

from ml.detector import FloatArray, IntArray
from ml.panel.compiled import compiled_apart
from ml.panel.state import LAST_AT_US


@compiled_apart
def arrive(
    recorded_at_us: IntArray, slots: IntArray, states: FloatArray, gaps: FloatArray, interval_us: float, longest: float
) -> None:
    """Write `gaps` (n,), in expected intervals; move the times on.

    0 where the reading goes on from the last one, infinite at a sensor's first, else the gap: longer than `longest`.
    """
    for place in range(slots.shape[0]):
        state = states[slots[place]]
        before, now = state[LAST_AT_US], float(recorded_at_us[place])
        gap = (now - before) / interval_us if before >= 0 else np.inf
        gaps[place] = gap if gap > longest else 0.0
        state[LAST_AT_US] = now
