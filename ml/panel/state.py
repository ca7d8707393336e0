"""Where each number of a sensor's state stands.

A state is one float64 vector: a head, then fields of one number per channel, then fields per driver, then room that a
sensor known from training leaves empty: what is being learned of an unknown one, and afterwards its own numbers.
"""

from typing import Final

import numpy as np

from ml.detector import FloatArray
from ml.panel.tables import PERSONAL_FIELDS

# The head.
SENSOR: Final = 0
"""Row of the sensor in the model's table, or one of the two below."""
LAST_AT_US: Final = 1
"""Device time of the last reading, µs since 1970 (exact below 2²⁵³ µs); negative: none yet."""
ROWS: Final = 2
GATE_LEFT: Final = 3
SHIFT_ON: Final = 4
SHIFT_PEAK: Final = 5
SHIFT_TROUGH: Final = 6
BLOCK_ROWS: Final = 7
BLOCKS: Final = 8
NOISE_ON: Final = 9
DRIFT_ON: Final = 10
LEARNED_ROWS: Final = 11
KEPT: Final = 12
"""Share of the baseline that outlived the last gap; 0: the baseline began with this stretch."""
HEAD: Final = 13

LEARNING: Final = -1.0
"""SENSOR of one that training did not know: its own numbers are being learned."""
LEARNED: Final = -2.0
"""SENSOR of one whose own numbers stand in its state's room."""

# Fields with a number per channel.
FAST: Final = 0
BASE: Final = 1
SCATTER: Final = 2
BLOCK_SUM: Final = 3
LEVEL: Final = 4
LAST: Final = 5
SHIFT_LEVEL: Final = 6
RUN: Final = 7
HISTORY: Final = 8
"""The first of five: what the spike compares with the median of, a ring by ROWS."""
CHANNEL_FIELDS: Final = 13

PER_DRIVER: Final = 6
"""A driver's ten-second mean, then its five low-passed features; all means first."""

# Fields of the room while learning, a number per channel.
MEAN_X: Final = 0
MEAN_G: Final = 1
SUM_XX: Final = 2
SUM_GG: Final = 3
SUM_GX: Final = 4
LEAST_G: Final = 5
MOST_G: Final = 6
LEAST_X: Final = 7
MOST_X: Final = 8
QUANTUM: Final = 9
UNCHANGED: Final = 10
LONGEST_RUN: Final = 11
STEP_MEDIAN: Final = 12
SUM_EE: Final = 13
SUM_SCATTER: Final = 14
SUM_SHIFT: Final = 15
ROOM_FIELDS: Final = 16

# What the second generation remembers stands behind all that: a head of its own, then fields with a number per channel.
SINCE_GATE: Final = 0
"""Readings judged in a row, for the joint kind's forecast."""
JOINT_ROWS: Final = 1
"""Readings judged since the stretch began."""
FAST_10: Final = 2
FAST_60: Final = 3
FIT_10: Final = 4
FIT_60: Final = 5
SLOW_FAST: Final = 6
SLOW_FIT: Final = 7
OUTSIDE_ON: Final = 8
OUTSIDE_TROUGH: Final = 9
"""The lowest ratio since an alarm ended that has not come back far enough; 0 when it has."""
OUTSIDE_ROWS: Final = 10
"""Readings in a row that were outside and not yet an alarm."""
LATER_HEAD: Final = 11

MOVED: Final = 0
"""How far the drift's reference has followed the level away from where training found it."""
RESTLESS: Final = 1
SWING: Final = 2
SLOW_SCATTER: Final = 3
BEFORE: Final = 4
"""The channel's place in the joint kind's units, one reading ago; TWO_BEFORE: two."""
TWO_BEFORE: Final = 5
LEVEL_10: Final = 6
LEVEL_60: Final = 7
SLOW_LEVEL: Final = 8
LATER_FIELDS: Final = 9

NO_TROUGH: Final = -1e9


def later_size(channels: int) -> int:
    """Return the number of floats that the second generation adds."""
    return LATER_HEAD + LATER_FIELDS * channels


def state_size(*, channels: int, drivers: int, generation: int = 1) -> int:
    """Return the number of floats of a sensor's state."""
    assert PERSONAL_FIELDS <= ROOM_FIELDS  # noqa: S101 - one room for both
    first = HEAD + (CHANNEL_FIELDS + ROOM_FIELDS) * channels + PER_DRIVER * drivers
    return first + (later_size(channels) if generation > 1 else 0)


def fresh_state(sensor: float, *, channels: int, drivers: int, generation: int = 1) -> FloatArray:
    """Return the state of a sensor that has shown nothing yet."""
    state = np.zeros(state_size(channels=channels, drivers=drivers, generation=generation))
    state[SENSOR] = sensor
    state[LAST_AT_US] = -1.0
    state[SHIFT_TROUGH] = NO_TROUGH
    return state
