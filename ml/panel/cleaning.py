"""Which training rows a forest throws out before the panel learns from them.

The panel's thresholds lie above the largest healthy score, so a few faults among the training rows blind it. A forest
isolates them, but on healthy rows it would throw out the edge of the ordinary; so it votes only where its scores fall
into two groups with next to nothing between (Liu, Ting, Zhou 2008: clearly above .5 is abnormal).
"""

from typing import Final

import numpy as np

from ml.detector import BoolArray, FloatArray

_MIDDLE: Final = 0.5
_EDGE: Final = 0.025
_BETWEEN: Final = 0.25


def contaminated(raw_scores: FloatArray) -> BoolArray:
    """Return which rows to leave out, by the raw scores (n,) of a forest fitted on them."""
    above = int((raw_scores > _MIDDLE + _EDGE).sum())
    between = int((np.abs(raw_scores - _MIDDLE) <= _EDGE).sum())
    if not above or between / above >= _BETWEEN:
        return np.zeros(len(raw_scores), dtype=np.bool_)
    return np.asarray(raw_scores > _MIDDLE)
