"""The population stability index: how far one histogram is from another."""

from typing import Final

import numpy as np

from ml.detector import FloatArray, IntArray

HALF: Final = 0.5
"""Added to every bin, so that an empty one has a logarithm (Jeffreys' prior for a multinomial)."""


def stability_index(reference: IntArray, live: IntArray) -> FloatArray:
    """Return Σ (p − q)·ln(p / q) over the last axis, p and q the shares of the bins: 0 when both are the same.

    reference, live: int64 arrays (…, bins), counts. Source: Siddiqi, Credit Risk Scorecards (2006), chapter 9; it is
    Jeffreys' divergence of the two histograms (Kullback, Leibler 1951).
    """
    expected, found = _shares(reference), _shares(live)
    return np.asarray(((found - expected) * np.log(found / expected)).sum(axis=-1), np.float64)


def _shares(counts: IntArray) -> FloatArray:
    filled = np.asarray(counts, np.float64) + HALF
    return np.asarray(filled / filled.sum(axis=-1, keepdims=True), np.float64)
