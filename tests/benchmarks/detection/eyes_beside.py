"""What others would do with the same rows: PCA's T² and Q, EWMA charts, and CVA, as process monitoring knows them.

Each learns from a case's training rows alone and returns ratios (n, k) of its test rows: above 1 is an alarm.
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from scipy.signal import lfilter

from ml.detector import BoolArray, FloatArray
from tests.benchmarks.detection.eyes_cases import Case

_LIMIT: Final = 0.99
"""Quantile of the training's statistic at which its alarm begins: 1 % of sound rows, as these charts are published."""
_EWMA_WEIGHT: Final = 0.2
_EWMA_SIGMAS: Final = 3.0
_RIDGE: Final = 1e-3
_STATES_ABOVE: Final = 0.6
"""Canonical correlation from which on a direction counts as a state."""


def pca(case: Case) -> FloatArray:
    """Return T² (Hotelling 1947) and Q (Jackson, Mudholkar 1979) over their limits; factors by parallel analysis."""
    training, test, missing = _standardised(case)
    if training.shape[1] == 1:
        limit = np.quantile(training**2, _LIMIT)
        return _judged(np.sqrt(test**2 / limit), missing)
    factors = _factors(training)
    _, singular, directions = np.linalg.svd(training - training.mean(axis=0), full_matrices=False)
    loadings, variances = directions[:factors].T, singular[:factors] ** 2 / (len(training) - 1)

    def statistics(rows: FloatArray) -> FloatArray:
        scores = rows @ loadings
        return np.stack([(scores**2 / variances).sum(1), ((rows - scores @ loadings.T) ** 2).sum(1)], axis=1)

    limits = np.maximum(np.quantile(statistics(training), _LIMIT, axis=0), 1e-12)
    return _judged(np.sqrt(statistics(test) / limits), missing)


def ewma(case: Case) -> FloatArray:
    """Return the largest of the channels' EWMA charts (Roberts 1959) at three sigma."""
    training, test, missing = _standardised(case)
    keep = 1 - _EWMA_WEIGHT
    before = training[-1] if case.contiguous else np.zeros(training.shape[1])
    means, _ = lfilter([_EWMA_WEIGHT], [1, -keep], test, axis=0, zi=keep * before[np.newaxis])
    limit = _EWMA_SIGMAS * np.sqrt(_EWMA_WEIGHT / (2 - _EWMA_WEIGHT))
    return _judged(np.abs(means).max(axis=1, keepdims=True) / limit, missing)


def cva(case: Case) -> FloatArray:
    """Return the state's and the residual's statistic of a canonical variate analysis (Russell and others 2000)."""
    training, test, missing = _standardised(case)
    width = training.shape[1]
    lags = max(1, min(2, len(training) // (10 * width)))

    def past(rows: FloatArray, before: FloatArray) -> FloatArray:
        longer = np.concatenate([before, rows])
        return np.concatenate([longer[lags - lag : len(longer) - lag] for lag in range(lags)], axis=1)

    nothing = np.zeros((lags, width))
    behind = past(training, nothing)[lags:-lags]
    ahead = np.concatenate([training[lags + lag : len(training) - lags + lag] for lag in range(1, lags + 1)], axis=1)
    root_past, root_ahead = _whitening(behind), _whitening(ahead)
    directions, correlations, _ = np.linalg.svd(root_past @ (behind.T @ ahead / len(behind)) @ root_ahead.T)
    states = max(1, int((correlations > _STATES_ABOVE).sum()))
    of_state, of_rest = directions[:, :states].T @ root_past, directions[:, states:].T @ root_past

    def statistics(rows: FloatArray) -> FloatArray:
        return np.stack([((rows @ of_state.T) ** 2).sum(1), ((rows @ of_rest.T) ** 2).sum(1)], axis=1)

    limits = np.maximum(np.quantile(statistics(behind), _LIMIT, axis=0), 1e-12)
    before = training[-lags:] if case.contiguous else nothing
    return _judged(np.sqrt(statistics(past(test, before)) / limits), missing)


BESIDE: Final[Mapping[str, Callable[[Case], FloatArray]]] = {"PCA T²+Q": pca, "EWMA": ewma, "CVA": cva}


def _standardised(case: Case) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return training and test in the training's standard deviations, and which test rows lack a channel."""
    rows = case.training.values[np.isfinite(case.training.values).all(axis=1)]
    spread = rows.std(axis=0)
    spread = np.where(spread > 1e-12, spread, 1.0)
    test = (case.test.values - rows.mean(axis=0)) / spread
    return (rows - rows.mean(axis=0)) / spread, np.nan_to_num(test), ~np.isfinite(test).all(axis=1)


def _judged(ratios: FloatArray, missing: BoolArray) -> FloatArray:
    ratios[missing] = np.nan
    return ratios


def _factors(rows: FloatArray) -> int:
    """Return how many factors are above those of noise (Horn 1965)."""
    rng = np.random.default_rng(0)
    width = rows.shape[1]
    found = np.linalg.eigvalsh(np.cov(rows.T))[::-1]
    noise = [np.linalg.eigvalsh(np.cov(rng.standard_normal((min(len(rows), 5000), width)).T))[::-1] for _ in range(5)]
    above = found > np.mean(noise, axis=0)
    count = width if bool(above.all()) else int(np.argmin(above))
    return int(max(1, min(width - 1, count)))


def _whitening(rows: FloatArray) -> FloatArray:
    covariance = rows.T @ rows / len(rows) + _RIDGE * np.eye(rows.shape[1])
    return np.asarray(np.linalg.inv(np.linalg.cholesky(covariance)))
