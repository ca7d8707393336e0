"""Ridge over several machines at once: weights from all of them, and for each those of the others alone.

Ridge (Hoerl, Kennard 1970) on standardised features; which features and how strong a penalty is decided per channel by
the machines left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.detector import FloatArray, IntArray
from ml.panel.features import AT_ONCE, PER_DRIVER
from ml.panel.rows import together

_PENALTIES: Final = 10.0 ** np.arange(-6, 0)
_RICH_COST: Final = 1.15
"""Sets of many features must predict 15 % better than a single law to be taken."""
_BLOCK: Final = 256


@dataclass(frozen=True, slots=True)
class _Moments:
    """Sums of one fold, standardised and with each sensor's means removed."""

    count: int
    features: FloatArray
    products: FloatArray
    squares: FloatArray

    def without(self, other: "_Moments") -> "_Moments":
        return _Moments(
            self.count - other.count,
            self.features - other.features,
            self.products - other.products,
            self.squares - other.squares,
        )

    def weights(self, *, chosen: IntArray, channel: int, penalty: float) -> FloatArray:
        block = np.ix_(chosen, chosen)
        ridge = self.features[block] + penalty * self.count * np.eye(len(chosen))
        return np.asarray(np.linalg.solve(ridge, self.products[chosen, channel]))

    def error(self, weights: FloatArray, *, chosen: IntArray, channel: int) -> float:
        block = np.ix_(chosen, chosen)
        cross = weights @ self.products[chosen, channel]
        return float(self.squares[channel] - 2 * cross + weights @ self.features[block] @ weights)


def pooled_weights(
    features: Sequence[FloatArray],
    values: Sequence[FloatArray],
    folds: Sequence[str],
    *,
    drivers: IntArray,
    channels: int,
) -> tuple[FloatArray, dict[str, FloatArray]]:
    """Return the weights from all folds, and for each fold those from the others: float64 arrays (c, f).

    features, values: per sensor float64 arrays (n, f) and (n, c); folds: sensors that are left out together bear one
    name. The columns `drivers` explain and are not explained: their weights stay 0.
    """
    names = list(dict.fromkeys(folds))
    centred = [part - part.mean(axis=0) for part in features]
    spread = together(centred).std(axis=0)
    spread = np.where(spread < 1e-6, np.inf, spread)
    moments = [
        _moments([part / spread for part in _of(centred, folds, name)], _of(values, folds, name)) for name in names
    ]
    total = _total(moments)
    rest = [total.without(fold) for fold in moments]
    pooled = np.zeros((channels, len(spread)))
    left_out = [pooled.copy() for _ in names]
    for channel in range(channels):
        if channel in drivers:
            continue
        chosen, penalty, weights = _choose(moments, rest, channel=channel, width=len(spread))
        pooled[channel, chosen] = total.weights(chosen=chosen, channel=channel, penalty=penalty) / spread[chosen]
        for fold, fold_weights in zip(left_out, weights, strict=True):
            fold[channel, chosen] = fold_weights / spread[chosen]
    return pooled, dict(zip(names, left_out, strict=True))


def _of(parts: Sequence[FloatArray], folds: Sequence[str], name: str) -> list[FloatArray]:
    return [part for part, fold in zip(parts, folds, strict=True) if fold == name]


def _moments(features: Sequence[FloatArray], values: Sequence[FloatArray]) -> _Moments:
    centred = [part - part.mean(axis=0) for part in values]
    return _Moments(
        sum(len(part) for part in values),
        np.sum([_product(part, part) for part in features], axis=0),
        np.sum([_product(part, value) for part, value in zip(features, centred, strict=True)], axis=0),
        np.sum([(value * value).sum(axis=0) for value in centred], axis=0),
    )


def _product(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return leftᵀ·right in blocks: the smallest penalty lets errors of long sums grow a million times."""
    whole = len(left) // _BLOCK * _BLOCK
    blocks = [part[:whole].reshape(-1, _BLOCK, part.shape[1]) for part in (left, right)]
    summed: FloatArray = np.einsum("bnf,bnc->bfc", *blocks).sum(axis=0)
    return np.asarray(summed + np.einsum("nf,nc->fc", left[whole:], right[whole:]))


def _total(moments: Sequence[_Moments]) -> _Moments:
    return _Moments(
        sum(fold.count for fold in moments),
        np.sum([fold.features for fold in moments], axis=0),
        np.sum([fold.products for fold in moments], axis=0),
        np.sum([fold.squares for fold in moments], axis=0),
    )


def _choose(
    moments: Sequence[_Moments], rest: Sequence[_Moments], *, channel: int, width: int
) -> tuple[IntArray, float, list[FloatArray]]:
    """Return the feature set and penalty that predict the left-out folds best, and the weights that did."""
    place = np.arange(width) % PER_DRIVER
    sets = [(np.flatnonzero(np.arange(width) == single), 1.0) for single in range(AT_ONCE)]
    sets += [
        (np.flatnonzero(place >= AT_ONCE), 1.0),
        (np.flatnonzero(place < AT_ONCE), _RICH_COST),
        (np.arange(width), _RICH_COST),
    ]
    best_error, best = np.inf, (sets[0][0], 0.0, [np.zeros(1) for _ in moments])
    for chosen, cost in sets:
        for penalty in _PENALTIES:
            weights = [others.weights(chosen=chosen, channel=channel, penalty=penalty) for others in rest]
            error = cost * sum(
                fold.error(part, chosen=chosen, channel=channel) for fold, part in zip(moments, weights, strict=True)
            )
            if error < best_error:
                best_error, best = error, (chosen, float(penalty), weights)
    return best
