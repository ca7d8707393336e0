"""Rows of one sensor, as training takes them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.detector import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorRows:
    """Complete readings of one sensor in time order.

    values: float64 array (n, c). gaps: float64 array (n,), as scoring counts them: 0 where a row goes on from the one
    before, infinite at the first, else the gap in expected intervals.
    """

    machine_id: str
    sensor_id: str
    values: FloatArray
    gaps: FloatArray

    def __len__(self) -> int:
        return len(self.values)

    def only(self, kept: BoolArray) -> "SensorRows":
        """Return the rows that are kept (n,); a stretch begins where it began, at its first row that is left."""
        stretch = np.cumsum(self.restarts)[kept]
        gaps = np.zeros(len(stretch))
        begins = np.flatnonzero(np.diff(stretch, prepend=0))
        gaps[begins] = self.gaps[np.flatnonzero(self.restarts)[stretch[begins] - 1]]
        return SensorRows(
            machine_id=self.machine_id,
            sensor_id=self.sensor_id,
            values=np.ascontiguousarray(self.values[kept]),
            gaps=gaps,
        )

    @property
    def restarts(self) -> BoolArray:
        """Return where a stretch without gaps begins: bool array (n,)."""
        return np.asarray(self.gaps > 0)

    def settled(self) -> BoolArray:
        """Return which rows are far enough from a beginning for slow features to mean something: bool array (n,)."""
        place = np.arange(len(self))
        begins = np.maximum.accumulate(np.where(self.restarts, place, 0))
        return np.asarray(place - begins >= min(120, len(self) // 10))


def whole(machine_id: str, values: FloatArray, *, sensor_id: str = "") -> SensorRows:
    """Return rows without a gap."""
    gaps = np.zeros(len(values))
    gaps[:1] = np.inf
    return SensorRows(
        machine_id=machine_id,
        sensor_id=sensor_id or machine_id,
        values=np.ascontiguousarray(values, dtype=np.float64),
        gaps=gaps,
    )


def operating(values: FloatArray, drivers: IntArray, scale: FloatArray, standstill: float = 0.05) -> BoolArray:
    """Return which rows are of a machine in operation: its first driver above 5 % of full scale."""
    if not len(drivers):
        return np.ones(len(values), dtype=np.bool_)
    return np.asarray(values[:, drivers[0]] / scale[0] > standstill)


def full_scale(rows: Sequence[SensorRows], drivers: IntArray) -> FloatArray:
    """Return the level of each driver that one reading in a thousand is above: float64 array (d,)."""
    if not len(drivers):
        return np.empty(0)
    every = together([part.values[:, drivers] for part in rows])
    return np.asarray(np.maximum(np.quantile(every, 0.999, axis=0), 1e-9))


def together(parts: Sequence[FloatArray]) -> FloatArray:
    """Return the parts one after the other."""
    return np.concatenate(list(parts))
