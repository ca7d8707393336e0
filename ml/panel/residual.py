"""What the conditions leave unexplained of a reading: the number that every kind judges."""

from typing import Final

import numpy as np

from ml.detector import FloatArray
from ml.panel.compiled import compiled
from ml.panel.options import Pace
from ml.panel.tables import (
    GAIN,
    GAIN_CENTRE,
    GAIN_VARIANCE,
    OFFSET,
    RESIDUAL_SCALE,
    SEEN_HIGH,
    SEEN_LOW,
    Tables,
)

# Fields of the pass's scratch for one reading, a number per channel: float64 array (WORK_FIELDS, c).
EXPLAINED: Final = 0
"""g: what the features explain, about 0."""
PREDICTED: Final = 1
"""x̂, in the channel's unit."""
SPREAD: Final = 2
"""Units of x in a unit of r: above 1 at loads that the sensor has not shown."""
RESIDUAL: Final = 3
MEDIAN: Final = 4
"""Of the five readings before this one: of their residuals, or of their values where the channel is its own measure."""
ERROR: Final = 5
"""e: distance from that median, in σₑ."""
PLACE: Final = 6
"""Where the channel stands, in the joint kind's units: about 0, clipped."""
FORECAST: Final = 7
"""Where the last two readings of all channels let it be expected, in those units."""
STRANGE: Final = 8
"""How far from there, in ordinary steps."""
WHITE: Final = 9
"""Coordinates in which sound rows are alike in every direction."""
WORK_FIELDS: Final = 10


@compiled
def explain_step(features: FloatArray, tables: Tables, work: FloatArray) -> None:
    """Write g of each channel."""
    for channel in range(work.shape[1]):
        explained = 0.0
        for feature in range(features.shape[0]):
            explained += tables.weights[channel, feature] * (features[feature] - tables.centre[feature])
        work[EXPLAINED, channel] = explained


@compiled
def residual_step(row: FloatArray, personal: FloatArray, pace: Pace, work: FloatArray) -> None:
    """Write prediction, spread and residual of each channel from its g.

    The spread adds the gain's uncertainty away from the loads it was learned at (Hawkins 1991 adjusts by regression;
    the growth with distance is that of a regression's prediction error).
    """
    for channel in range(work.shape[1]):
        explained = work[EXPLAINED, channel]
        beyond = explained - min(max(explained, personal[SEEN_LOW, channel]), personal[SEEN_HIGH, channel])
        away = explained - personal[GAIN_CENTRE, channel]
        unsure = personal[GAIN_VARIANCE, channel] * away**2 + (pace.gain_spread * beyond) ** 2
        scale = personal[RESIDUAL_SCALE, channel]
        work[PREDICTED, channel] = personal[OFFSET, channel] + personal[GAIN, channel] * explained
        work[SPREAD, channel] = np.sqrt(1.0 + unsure / (scale * scale))
        work[RESIDUAL, channel] = (row[channel] - work[PREDICTED, channel]) / work[SPREAD, channel]
