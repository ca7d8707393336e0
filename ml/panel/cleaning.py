"""Which training rows are thrown out before the panel learns from them.

The panel's thresholds lie above the largest healthy score, so a few faults among the training rows blind it. A forest
isolates them, but on healthy rows it would throw out the edge of the ordinary; so it votes only where its scores fall
into two groups with next to nothing between (Liu, Ting, Zhou 2008: clearly above .5 is abnormal).

Fewer faults than a forest notices still lie apart from all sound rows in the spike's own statistic.
"""

from typing import Final

import numpy as np

from ml.detector import BoolArray, FloatArray

_MIDDLE: Final = 0.5
_EDGE: Final = 0.025
_BETWEEN: Final = 0.25
_FAR: Final = 6.5
"""Ordinary steps (σₑ); sound rows beyond are rarer than one in a thousand millions, were they normal."""
_NEAR: Final = 4.75
_MOST_FAR: Final = 0.05


def contaminated(raw_scores: FloatArray) -> BoolArray:
    """Return which rows to leave out, by the raw scores (n,) of a forest fitted on them."""
    above = int((raw_scores > _MIDDLE + _EDGE).sum())
    between = int((np.abs(raw_scores - _MIDDLE) <= _EDGE).sum())
    if not above or between / above >= _BETWEEN:
        return np.zeros(len(raw_scores), dtype=np.bool_)
    return np.asarray(raw_scores > _MIDDLE)


def stray(errors: FloatArray) -> BoolArray:
    """Return which rows to leave out, by their channels' distances from their last five values (n, c), in σₑ.

    Only where hardly a row lies between them and the others: a channel with heavy tails has such rows too, but with
    them all the distances between, and is learned as it is.
    """
    furthest = np.abs(errors).max(axis=1)
    far = furthest > _FAR
    between = int((furthest > _NEAR).sum() - far.sum())
    if not far.any() or far.mean() > _MOST_FAR or between / far.sum() >= _BETWEEN:
        return np.zeros(len(errors), dtype=np.bool_)
    return np.asarray(far)
