"""How long a channel may rightly repeat one value, where its logger writes a value only when it has changed enough.

Such runs have a heavy tail: chance between neighbours says nothing of them.
"""

from typing import Final

import numpy as np

from ml.detector import FloatArray
from ml.panel.options import DAY_S

_LONGEST_SHARE: Final = 0.1
"""Of all runs, those that the tail is taken from; at least `_LEAST_RUNS`."""
_LEAST_RUNS: Final = 10
_MOST_RUNS: Final = 200
_BEYOND_CHANCE: Final = 1.5


def long_run_limit(column: FloatArray, *, interval_s: float, budget: float) -> float:
    """Return the run that is longer than `budget` a day would be; 0 where chance explains the runs of `column` (n,).

    Pareto tail of the longest runs (Hill 1975). Nothing is fitted when the longest is about what equal chances for
    every reading to repeat the one before would give.
    """
    changes = np.flatnonzero(np.diff(column) != 0) + 1
    lengths = np.diff(np.concatenate(([0], changes, [len(column)]))).astype(np.float64)
    share = 1 - len(changes) / max(1, len(column) - 1)
    if not 0 < share < 1:
        return 0.0
    by_chance = np.log(max(2.0, len(changes))) / -np.log(share)
    if lengths.max() - 1 <= _BEYOND_CHANCE * by_chance + 3:
        return 0.0
    longest = np.sort(lengths)[::-1]
    count = int(np.clip(_LONGEST_SHARE * len(longest), _LEAST_RUNS, _MOST_RUNS))
    count = min(count, len(longest) - 1)
    if count < 1:
        return float(2 * longest[0])
    least = longest[count]
    slope = float(np.mean(np.log(longest[:count] / least)))
    days = len(column) * interval_s / DAY_S
    # Never beyond a hundred times the longest: so far no tail of so few runs can be believed.
    beyond = least * np.exp(min(slope * np.log(max(1.0, count / (days * budget))), 50.0))
    return float(np.clip(beyond, longest[0], 100 * longest[0]))
