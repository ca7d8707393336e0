"""How the training rows scored, kept in the artifact: for the score plot, and for seeing drift later."""

from typing import Final

import numpy as np

from ml.artifact import Artifact
from ml.detector import FloatArray, IntArray

ARRAY: Final = "training_ratio_counts"
"""Name in the artifact: int64 array (kinds, BINS); bin i counts ratios from i / BINS_A_RATIO, the last all above."""

BINS_A_RATIO: Final = 50
BINS: Final = 151
"""Ratios 0 to 3 in fiftieths, and one bin for whatever is above: severity is critical from 3."""


def with_histogram(artifact: Artifact, ratios: FloatArray) -> Artifact:
    """Return the artifact with the histogram of training ratios (n, k) added; NaN are not counted."""
    return Artifact(header=artifact.header, arrays={**artifact.arrays, ARRAY: _counts(ratios)})


def histogram_of(artifact: Artifact) -> IntArray | None:
    """Return the counts (k, BINS), or None when the artifact carries none."""
    return artifact.arrays.get(ARRAY)


def _counts(ratios: FloatArray) -> IntArray:
    columns = []
    for column in ratios.T:
        judged = column[~np.isnan(column)]
        bins = np.clip(np.floor(judged * BINS_A_RATIO), 0, BINS - 1).astype(np.int64)
        columns.append(np.bincount(bins, minlength=BINS).astype(np.int64))
    return np.stack(columns)
