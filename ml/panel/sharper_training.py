"""The second generation's numbers, from the passes over the calibration sensors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.detector import BoolArray, FloatArray, IntArray
from ml.panel.joint_training import Judged, fit_joint
from ml.panel.kernel import AWAYS, RESIDUALS, SCATTERS, Findings
from ml.panel.options import DAY_S, OFF, Options, Pace
from ml.panel.rows import SensorRows, together
from ml.panel.sharper import Sharper, without
from ml.panel.tables import STEP_SCALE, Tables

_FIRST_ROWS: Final = 140
_TAIL_SHARE: Final = 0.05
_PARTS: Final = 12
_QUARTER_DAY: Final = 0.25
"""A training shorter than this is given more room, by its square: it saw neither night nor noon."""
_LEAST: Final = 1e-9
_NEAR: Final = 0.95
_LEAST_TOGETHER: Final = 2
_JOINT_ROWS: Final = 200
_JOINT_S: Final = 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What the calibration passes gave, a place per sensor; days: the longest training's; armed: levels are known."""

    rows: Sequence[SensorRows]
    numbers: Sequence[FloatArray]
    found: Sequence[Findings]
    days: float
    armed: bool

    def judged(self, field: int) -> list[FloatArray]:
        """Return a statistic of each sensor's judged rows, behind its beginning: (n, c)."""
        cuts = [min(_FIRST_ROWS, len(part) // 3) for part in self.rows]
        return [one.statistics[cut:, field][one.judged[cut:]] for one, cut in zip(self.found, cuts, strict=True)]


def sharpen(calibration: Calibration, tables: Tables, *, options: Options, pace: Pace) -> Sharper:
    """Return the tables of a panel whose first generation's are `tables`."""
    channels, interval_s = len(tables.judged), pace.interval_s
    bare = without(channels=channels, sensors=len(calibration.rows))
    bounds = np.array(
        [_bounds(part, days=calibration.days, options=options, pace=pace) for part in calibration.judged(AWAYS)]
    )
    scales = np.array([numbers[STEP_SCALE] for numbers in calibration.numbers])[:, np.newaxis]
    wide = bounds / scales
    bare = bare._replace(
        noise_usual=_usual_scatter(calibration, tables),
        bounds=bounds,
        swings=np.array([_swing(part) for part in calibration.judged(AWAYS)]),
        strange_bounds=np.stack([wide[:, 0].min(axis=0), wide[:, 1].max(axis=0)]),
    )
    judged = np.flatnonzero(tables.judged)
    parts = [_joint_rows(part, found, judged) for part, found in zip(calibration.rows, calibration.found, strict=True)]
    most = max(len(part.residuals) for part in parts)
    if len(judged) < _LEAST_TOGETHER or most < _JOINT_ROWS or most * interval_s < _JOINT_S:
        return bare
    steps = np.mean(scales[:, 0], axis=0)[judged]
    return fit_joint(
        parts, bare, judged, steps=steps, options=options, interval_s=interval_s, long_readings=pace.scatter_readings
    )


def _usual_scatter(calibration: Calibration, tables: Tables) -> FloatArray:
    scatters = together(calibration.judged(SCATTERS))
    usual = np.minimum(np.median(scatters, axis=0), _NEAR * tables.noise_limit)
    return np.where(tables.judged & (tables.noise_limit < OFF), usual, 0.0)


def _bounds(aways: FloatArray, *, days: float, options: Options, pace: Pace) -> FloatArray:
    """Return the lowest and the highest (2, c) that the level may stand from its reference.

    Beyond the extremes there is room in proportion to what lies between them: little where training went through it
    again and again, as a controlled swing does; much where it did so once, as something that walks does, and the more
    so the shorter the training. And never less than an exponential tail gives (Pickands 1975), for levels that are mere
    noise.
    """
    high, low = aways.max(axis=0), aways.min(axis=0)
    unsure = options.outside_unsure * np.sqrt(max(1.0, 1.0 / max(days, 1e-6))) / _thorough(aways)
    margin = options.outside_margin * max(1.0, _QUARTER_DAY / max(days, 1e-6)) ** 2
    room = (margin + unsure) * (high - low) + _LEAST
    chance = pace.stuck_budget * pace.interval_s / DAY_S
    return np.stack(
        [
            -np.maximum(room - low, _tail(-aways, chance)),
            np.maximum(high + room, _tail(aways, chance)),
        ]
    )


def _swing(aways: FloatArray) -> FloatArray:
    """Return what the level ordinarily swings (c,); half of it where training hardly saw the swing twice.

    Bounds of such a channel widen the sooner.
    """
    known = np.clip(_thorough(aways) / (_PARTS / 2), 0.5, 1.0)
    return np.asarray(known * np.sqrt(np.mean(aways**2, axis=0)) + _LEAST)


def _tail(values: FloatArray, chance: float) -> FloatArray:
    """Return the level (c,) that a row of `values` (n, c) passes with this chance."""
    from_here = np.quantile(values, 1 - _TAIL_SHARE, axis=0)
    beyond = np.maximum(values - from_here, 0)
    excess = beyond.sum(axis=0) / np.maximum((beyond > 0).sum(axis=0), 1)
    return np.asarray(from_here + excess * np.log(max(_TAIL_SHARE / chance, 1.0)))


def _thorough(aways: FloatArray) -> FloatArray:
    """Return, per channel of (n, c), how many twelfths of the training went through half its range or more."""
    seen = aways.max(axis=0) - aways.min(axis=0)
    parts = np.array([part.max(axis=0) - part.min(axis=0) for part in np.array_split(aways, _PARTS)])
    return np.asarray(np.maximum((parts >= seen / 2).sum(axis=0), 1).astype(np.float64))


def _joint_rows(part: SensorRows, found: Findings, channels: IntArray) -> Judged:
    rows = np.flatnonzero(found.judged)
    stretch = np.cumsum(part.restarts)[rows]
    begins: BoolArray = np.ones(len(rows), dtype=np.bool_)
    begins[1:] = stretch[1:] != stretch[:-1]
    follows: BoolArray = np.zeros(len(rows), dtype=np.bool_)
    follows[1:] = (np.diff(rows) == 1) & ~begins[1:]
    return Judged(
        residuals=np.ascontiguousarray(found.statistics[rows][:, RESIDUALS][:, channels]),
        follows=follows,
        begins=begins,
    )
