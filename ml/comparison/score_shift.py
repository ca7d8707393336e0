"""How the scores moved: quantiles of ln(challenger's score / champion's), from a histogram of fixed size."""

import math
from typing import Final

import numpy as np

from ml.comparison.opinions import ComparedRows

LEAST_SCORE: Final = 1e-3
"""Scores below count as this: a thousandth of a threshold is nothing, and its logarithm would run to minus infinity."""

WIDTH: Final = 0.02
"""Of a bin: a quantile is exact to 1 %."""

WIDEST: Final = 7.0
"""Beyond ±ln(1000), the largest that LEAST_SCORE leaves below a threshold; what is above falls into the last bin."""

QUANTILES: Final = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)

_HALF: Final = round(WIDEST / WIDTH)


class ScoreShift:
    """Counts rows that both models judged."""

    def __init__(self) -> None:
        self._counts: Final = np.zeros(2 * _HALF + 1, np.int64)

    def add(self, rows: ComparedRows) -> None:
        """Take in rows."""
        both = rows.champion.judged & rows.challenger.judged
        before, after = (
            np.log(np.maximum(opinion.scores[both], LEAST_SCORE)) for opinion in (rows.champion, rows.challenger)
        )
        bins = np.clip(np.rint((after - before) / WIDTH).astype(np.int64) + _HALF, 0, 2 * _HALF)
        self._counts[:] += np.bincount(bins, minlength=len(self._counts))

    @property
    def readings(self) -> int:
        """Return how many rows were counted."""
        return int(self._counts.sum())

    def quantiles(self) -> dict[str, float]:
        """Return the log ratio at each of QUANTILES; nothing when no row was counted."""
        if not self.readings:
            return {}
        reached = np.cumsum(self._counts)
        return {
            f"{share:g}": round((int(np.searchsorted(reached, math.ceil(share * reached[-1]))) - _HALF) * WIDTH, 6)
            for share in QUANTILES
        }
