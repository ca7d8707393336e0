"""What the compiled pass knows of a profile, and of one sensor: plain arrays, made by training.

n channels are c, drivers (conditions) d, features f = 8d.
"""

from typing import Final, NamedTuple

from ml.detector import BoolArray, FloatArray, IntArray

# Fields of a sensor's own numbers, one number per channel: float64 array (PERSONAL_FIELDS, c).
OFFSET: Final = 0
GAIN: Final = 1
GAIN_CENTRE: Final = 2
GAIN_VARIANCE: Final = 3
SEEN_LOW: Final = 4
SEEN_HIGH: Final = 5
RESIDUAL_SCALE: Final = 6
STEP_SCALE: Final = 7
"""σₑ: what a reading differs by from the readings just before it."""
SHIFT_SCALE: Final = 8
SCATTER: Final = 9
"""V₀: the ordinary mean of (e/σₑ)², clipped."""
REFERENCE: Final = 10
ALLOWANCE: Final = 11
"""A: how far the level may stand from its reference."""
STUCK_LIMIT: Final = 12
PERSONAL_FIELDS: Final = 13


class Tables(NamedTuple):
    """A profile's part of the model."""

    drivers: IntArray
    """(d,) columns of the conditions."""
    driver_scale: FloatArray
    """(d,) full scale of each."""
    driver_low: FloatArray
    """(d,) trained range, as a share of full scale."""
    driver_high: FloatArray
    step_limit: FloatArray
    """(d,) change of a driver that closes the gate."""
    weights: FloatArray
    """(c, f) what the features explain of a channel."""
    centre: FloatArray
    """(f,) features' training means."""
    low_pass: FloatArray
    """(5,) weight of a new reading in each low-passed feature."""
    judged: BoolArray
    """(c,) the responses."""
    wanders: BoolArray
    """(c,) wanders more than a short training can tell: its level is not judged."""
    own_steps: BoolArray
    """(c,) too slow to answer a load within seconds: its steps are compared with its own last values."""
    spike_limit: FloatArray
    """(c,) T of |e|."""
    shift_limit: FloatArray
    noise_limit: FloatArray
    band_limit: FloatArray
    joint_limit: FloatArray
    """(1,) T of √mean e² over the judged channels."""
    shift_floor: FloatArray
    """(c,) least σ_f in σₑ: who saw little is not judged more finely than its siblings."""
    allowance: FloatArray
    """(c,) A in σₑ for a sensor that training did not know."""
