"""Thresholds from healthy rows: how high a statistic goes by chance, at a stated price in false incidents.

The tail is fitted to maxima of blocks of neighbouring rows, since neighbours repeat one another. Every statistic of
training is computed by the pass that will score.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from ml.detector import FloatArray
from ml.panel.options import DAY_S

_QUANTILE: Final = 0.7
_EULER: Final = 0.5772
_COARSE_S: Final = 30.0
"""Values further apart than this (block means) are few: smaller blocks then."""
_LEAST: Final = 1e-6
MAD_TO_SD: Final = 1.4826


def tail_threshold(
    scores: Sequence[FloatArray], *, per_day: float, spacing_s: float, above_largest: float = 1.0
) -> float:
    """Return the level that healthy scores pass `per_day` times a day.

    scores: one float64 array per sensor, in order; spacing_s: time between two of them.
    Exponential tail above the 70 % quantile of block maxima (Pickands 1975; Siffer 2017), and Gumbel by moments (1958)
    from all maxima: scores of a coarse converter tie, and ties flatten the tail. Never below the largest seen.
    """
    count = sum(len(sensor) for sensor in scores)
    block = int(np.clip(count // 60, 5 if spacing_s > _COARSE_S else 20, 600))
    maxima = np.array(
        [
            sensor[start : start + block].max()
            for sensor in scores
            for start in range(0, max(1, len(sensor) - block + 1), block)
            if len(sensor)
        ]
    )
    if not len(maxima):
        return _LEAST
    high = np.quantile(maxima, _QUANTILE)
    excess = maxima[maxima > high] - high
    mean_excess = max(excess.mean() if len(excess) else 0.0, 1e-9)
    chance = min(per_day * block * spacing_s / DAY_S, 1 - _QUANTILE)
    scale = maxima.std() * np.sqrt(6) / np.pi
    return float(
        max(
            high + mean_excess * np.log((1 - _QUANTILE) / chance),
            maxima.mean() - _EULER * scale + scale * np.log(1 / chance),
            above_largest * maxima.max(),
            _LEAST,
        )
    )


def robust_sd(values: FloatArray) -> FloatArray:
    """Return 1.48 times the median distance from the median, along the first axis."""
    return np.asarray(MAD_TO_SD * np.median(np.abs(values - np.median(values, axis=0)), axis=0))


def quantum_of(values: FloatArray) -> float:
    """Return the smallest step between two neighbouring values (n,): the converter's; 0 when nothing moves."""
    steps = np.abs(np.diff(values))
    steps = steps[steps > 1e-9]
    return float(steps.min()) if len(steps) else 0.0


def longest_run(unchanged: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    """Return the length of the longest stretch of True in `unchanged` (n,)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], unchanged, [False])).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0
