"""What the conditions explain of every response, learned from all machines of a profile together.

Ridge (Hoerl, Kennard 1970) on the drivers' features after each sensor's own mean is taken away, so that it learns how
channels follow the load, not which machine is the warmer. How many features and how strong a penalty is decided by
machines left out, which is also how the thresholds see a machine: judged by what its siblings taught.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ml.detector import BoolArray, FloatArray, IntArray
from ml.panel.calibration import robust_sd
from ml.panel.features import PER_DRIVER, driver_features
from ml.panel.options import Options, driver_weight
from ml.panel.ridge import pooled_weights
from ml.panel.rows import SensorRows, full_scale, operating, together
from ml.panel.smoothing import weighted_mean

_MARGIN: Final = 0.1
_STANDSTILL: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The drivers' ranges and what their features explain; c channels, d drivers, f = 8d features.

    drivers (d,), scale (d,), low (d,), high (d,), step_limit (d,): see Tables. weights (c, f), centre (f,).
    """

    drivers: IntArray
    scale: FloatArray
    low: FloatArray
    high: FloatArray
    step_limit: FloatArray
    weights: FloatArray
    centre: FloatArray

    def shares(self, values: FloatArray) -> FloatArray:
        """Return the drivers of `values` as shares of full scale: float64 array (n, d)."""
        return np.ascontiguousarray(values[:, self.drivers] / self.scale)

    def explained(self, rows: SensorRows, interval_s: float) -> FloatArray:
        """Return g per reading and channel: float64 array (n, c)."""
        features = driver_features(self.shares(rows.values), rows.restarts, interval_s)
        # einsum adds in one order on one thread; a threaded product would let the machine decide the last digits.
        return np.asarray(np.einsum("nf,cf->nc", features - self.centre, self.weights))


def fit_expectation(
    rows: Sequence[SensorRows], drivers: IntArray, *, options: Options, interval_s: float
) -> tuple[Expectation, list[Expectation]]:
    """Return the profile's expectation, and for each of `rows` the one of its siblings alone; [] when it has none.

    A machine's sensors are left out together; those of an only machine one by one.
    """
    channels = rows[0].values.shape[1]
    if not len(drivers):
        return _without_conditions(channels), []
    scale = full_scale(rows, drivers)
    usable = [operating(part.values, drivers, scale) & part.settled() for part in rows]
    shares = [np.ascontiguousarray(part.values[:, drivers] / scale) for part in rows]
    features = [
        driver_features(share, part.restarts, interval_s)[use]
        for share, part, use in zip(shares, rows, usable, strict=True)
    ]
    values = [part.values[use] for part, use in zip(rows, usable, strict=True)]
    low, high = _range([share[use] for share, use in zip(shares, usable, strict=True)])
    base = Expectation(
        drivers=drivers,
        scale=scale,
        low=low,
        high=high,
        step_limit=_step_limit(rows, shares, usable, options=options, interval_s=interval_s),
        weights=np.zeros((channels, PER_DRIVER * len(drivers))),
        centre=together(features).mean(axis=0),
    )
    folds = _folds(rows)
    if len(rows) == 1:
        half = len(values[0]) // 2
        features, values = [features[0][:half], features[0][half:]], [values[0][:half], values[0][half:]]
        folds = ["first half", "second half"]
    pooled, left_out = pooled_weights(features, values, folds, drivers=drivers, channels=channels)
    siblings = [] if len(rows) == 1 else [replace(base, weights=left_out[fold]) for fold in folds]
    return replace(base, weights=pooled), siblings


def _folds(rows: Sequence[SensorRows]) -> list[str]:
    machines = [part.machine_id for part in rows]
    return machines if len(set(machines)) > 1 else [part.sensor_id for part in rows]


def _without_conditions(channels: int) -> Expectation:
    none = np.zeros(0)
    return Expectation(
        drivers=np.zeros(0, dtype=np.int64),
        scale=none,
        low=none,
        high=none,
        step_limit=none,
        weights=np.zeros((channels, 0)),
        centre=none,
    )


def _range(shares: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Return the trained range and a tenth to either side; below 5 % of its operating driver a machine stands still."""
    every = together(shares)
    low, high = every.min(axis=0), every.max(axis=0)
    margin = _MARGIN * np.maximum(high - low, _MARGIN)
    low = low - margin
    low[0] = max(low[0], _STANDSTILL)
    return low, high + margin


def _step_limit(
    rows: Sequence[SensorRows],
    shares: Sequence[FloatArray],
    usable: Sequence[BoolArray],
    *,
    options: Options,
    interval_s: float,
) -> FloatArray:
    """Return per driver what no ordinary reading differs by from its ten-second mean."""
    weight = driver_weight(interval_s)
    apart = [
        (share - weighted_mean(share, part.restarts, weight))[use]
        for share, part, use in zip(shares, rows, usable, strict=True)
    ]
    return np.maximum(options.gate_step, 6 * robust_sd(together(apart)))
