"""Where a sensor's past ends: a gap too long for anything remembered to hold still begins a new stretch."""

from ml.detector import BoolArray, FloatArray, IntArray
from ml.panel.compiled import compiled_apart
from ml.panel.state import LAST_AT_US


@compiled_apart
def arrive(recorded_at_us: IntArray, slots: IntArray, states: FloatArray, restarts: BoolArray, gap_us: float) -> None:
    """Write `restarts` (n,): True for a sensor's first reading and after more than `gap_us`; move the times on."""
    for place in range(slots.shape[0]):
        state = states[slots[place]]
        before, now = state[LAST_AT_US], float(recorded_at_us[place])
        restarts[place] = before < 0 or now - before > gap_us
        state[LAST_AT_US] = now
