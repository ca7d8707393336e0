"""Fitting the joint kind: a forecast, two whitenings, and thresholds from rows that they were not fitted on.

Machines are left out one by one; an only machine's training is cut into blocks of time. So a correlation that does not
last gets thresholds so high that it disarms itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from ml.detector import BoolArray, FloatArray, IntArray
from ml.panel.calibration import robust_sd, tail_threshold
from ml.panel.compiled import compiled_apart
from ml.panel.joint import CLIP, joint_step
from ml.panel.options import OFF, Options
from ml.panel.residual import RESIDUAL, WORK_FIELDS
from ml.panel.sharper import FIRST_LIMIT, JOINT_TESTS, LAGS, Packed, Sharper, packed
from ml.panel.state import LATER_FIELDS, LATER_HEAD, LEVEL_10, LEVEL_60, SINCE_GATE, SLOW_FAST

_RIDGE: Final = 1e-2
_FLOOR: Final = 0.05
"""Added to a variance before it divides: a channel that hardly moves is not judged by its converter's steps."""
_SHRINK: Final = 0.02
"""Added to an eigenvalue of the correlation: a direction in which nothing ever moved is not infinitely strange."""
_CAP_QUANTILE: Final = 0.99
_CAP_FACTOR: Final = 4.0
_ABOVE_LARGEST: Final = 1.1
_FIRST_ROWS: Final = 120
_DAY: Final = 0.9
_LEAST_SEEN: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The judged rows of one sensor: residuals (n, k); whether a row goes on from the one before, and the stretch."""

    residuals: FloatArray
    follows: BoolArray
    begins: BoolArray

    def rows(self, first: int, after: int) -> "Judged":
        """Return the rows from `first` to below `after`, as a stretch of their own."""
        begins, follows = self.begins[first:after].copy(), self.follows[first:after].copy()
        begins[:1], follows[:1] = True, False
        return Judged(residuals=self.residuals[first:after], follows=follows, begins=begins)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    forecast: FloatArray
    step_white: FloatArray
    mean: FloatArray
    white: FloatArray


def fit_joint(
    parts: Sequence[Judged],
    bare: Sharper,
    together: IntArray,
    *,
    steps: FloatArray,
    options: Options,
    interval_s: float,
    long_readings: float,
) -> Sharper:
    """Return `bare` with the joint kind of the channels `together`; `steps` (k,): σₑ in the residuals' unit."""
    centres = np.array([np.median(part.residuals, axis=0) for part in parts])
    apart = np.concatenate([part.residuals - centre for part, centre in zip(parts, centres, strict=True)])
    scale = np.maximum.reduce([robust_sd(apart), 0.5 * apart.std(axis=0), steps / 3, np.full(len(steps), 1e-9)])
    readings = (options.joint_level_readings, options.swing_readings)
    seconds = (options.joint_level_s, options.swing_s)
    base = bare._replace(
        together=together,
        centres=centres,
        scale=scale,
        step=steps / scale,
        memory=np.array([1 / max(least, s / interval_s) for least, s in zip(readings, seconds, strict=True)]),
    )
    folds = list(zip(parts, centres, strict=True))
    if len(parts) == 1:
        cuts = np.linspace(0, len(parts[0].residuals), options.joint_blocks + 1).astype(int)
        folds = [(parts[0].rows(first, after), centres[0]) for first, after in pairwise(cuts)]
    places = [_Places(np.clip((part.residuals - centre) / scale, -CLIP, CLIP), part.follows) for part, centre in folds]
    left_out = []
    for number, (part, centre) in enumerate(folds):
        others = [each for other, each in enumerate(places) if other != number]
        model = _with_model(base, _fitted(others, base.step))
        left_out.append((part, model._replace(centres=centre[np.newaxis])))
    kept = [slice(min(_FIRST_ROWS, len(part.residuals) // 5), None) for part, _ in left_out]
    bare_squares = [
        _pass(part, model._replace(memory=np.zeros(2)), long_readings)[keep]
        for (part, model), keep in zip(left_out, kept, strict=True)
    ]
    every = np.concatenate(bare_squares)
    caps = _CAP_FACTOR * np.quantile(every[:, [0, 3]], _CAP_QUANTILE, axis=0)
    scores = [
        np.sqrt(_pass(part, model._replace(caps=caps), long_readings)[keep])
        for (part, model), keep in zip(left_out, kept, strict=True)
    ]
    limits = np.array(
        [_limit(scores, test, options=options, interval_s=interval_s) for test in range(len(JOINT_TESTS))]
    )
    days = max(len(part.residuals) for part in parts) * interval_s / 86_400
    if days < _DAY:
        # An hour can't know a day: how channels stand together is given the room that the drift's levels are given.
        limits[3:] *= np.sqrt(1 / days)
    return _with_model(base, _fitted(places, base.step))._replace(caps=caps, joint_limits=limits)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the channels stand: float64 (n, k), and whether a row goes on from the one before."""

    at: FloatArray
    follows: BoolArray

    def lagged(self) -> tuple[FloatArray, FloatArray]:
        """Return rows with LAGS rows before them, and those rows side by side: (m, k), (m, LAGS · k)."""
        known = self.follows.copy()
        known[1:] &= self.follows[:-1]
        known[:LAGS] = False
        rows = np.flatnonzero(known)
        return self.at[rows], np.concatenate([self.at[rows - lag] for lag in range(1, LAGS + 1)], axis=1)


def _fitted(parts: Sequence[_Places], step: FloatArray) -> _Model:
    now, before = (np.concatenate(each) for each in zip(*(part.lagged() for part in parts), strict=True))
    width = before.shape[1]
    gram = _product(before, before) / max(1, len(now))
    weights = np.linalg.solve(gram + _RIDGE * np.eye(width), _product(before, now) / max(1, len(now)))
    errors = np.clip((now - np.einsum("nf,fk->nk", before, weights)) / step, -CLIP, CLIP)
    every = np.concatenate([part.at for part in parts])
    mean = every.mean(axis=0)
    return _Model(
        forecast=np.ascontiguousarray(weights.T),
        step_white=_whitening(_product(errors, errors) / max(1, len(errors))),
        mean=mean,
        white=_whitening(_product(every - mean, every - mean) / len(every)),
    )


def _product(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return leftᵀ·right, added in one order on one thread: a threaded product would decide the last digits."""
    return np.asarray(np.einsum("nf,nk->fk", left, right))


def _whitening(covariance: FloatArray) -> FloatArray:
    covariance = covariance + _FLOOR * np.eye(len(covariance))
    spread = np.sqrt(np.diag(covariance))
    values, vectors = np.linalg.eigh(covariance / np.outer(spread, spread))
    return np.ascontiguousarray((vectors / np.sqrt(np.maximum(values, 0) + _SHRINK)).T / spread)


def _with_model(base: Sharper, model: _Model) -> Sharper:
    return base._replace(forecast=model.forecast, step_white=model.step_white, mean=model.mean, white=model.white)


def _limit(scores: Sequence[FloatArray], test: int, *, options: Options, interval_s: float) -> float:
    """Return a test's threshold; a mean that was hardly ever of enough readings in training is not judged."""
    seen = [part[part[:, test] > 0, test] for part in scores]
    if sum(len(part) for part in seen) < _LEAST_SEEN:
        return OFF
    return tail_threshold(
        seen,
        per_day=options.false_incidents_per_day / len(JOINT_TESTS),
        spacing_s=interval_s,
        above_largest=1.0 if JOINT_TESTS[test] in {"step", "fit"} else _ABOVE_LARGEST,
    )


def _pass(part: Judged, sharper: Sharper, long_readings: float) -> FloatArray:
    """Return the squares (n, 8) of the rows by the step that will score."""
    unlimited = packed(sharper._replace(joint_limits=np.full(len(JOINT_TESTS), OFF)))
    return np.asarray(_squares(part.residuals, part.follows, part.begins, unlimited, long_readings))


@compiled_apart
def _squares(
    residuals: FloatArray, follows: BoolArray, begins: BoolArray, sharper: Packed, long_readings: float
) -> FloatArray:
    count = residuals.shape[1]
    width = sharper.together.max() + 1
    found = np.zeros((residuals.shape[0], sharper.numbers.shape[0] - FIRST_LIMIT))
    head, later = np.zeros(LATER_HEAD), np.zeros((LATER_FIELDS, width))
    work = np.zeros((WORK_FIELDS, width))
    for row in range(residuals.shape[0]):
        if begins[row]:
            for field in range(SINCE_GATE, SLOW_FAST):
                head[field] = 0.0
            for place in range(width):
                later[LEVEL_10, place] = 0.0
                later[LEVEL_60, place] = 0.0
        if not follows[row]:
            head[SINCE_GATE] = 0.0
        for place in range(count):
            work[RESIDUAL, sharper.together[place]] = residuals[row, place]
        joint_step(0, head, later, sharper, work, found[row], long_readings)
    return found
