"""Local time to UTC over the changes of the clock, an hour that it shows twice told apart by the file's order."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Final

import numpy as np
from numpy.typing import NDArray

_QUARTER_US: Final = 900 * 1_000_000
"""Zones change their offset at whole quarters of an hour, local time."""

_STEP_BACK_US: Final = 900 * 1_000_000
"""A step back of this much inside a twice-shown hour is its second time; smaller ones are rows out of order."""


@dataclass(frozen=True, slots=True)
class Utc:
    """Local times as UTC; n of them.

    microseconds: int64 array (n,). skipped: bool array (n,), the clock never shows it. first, second: rows taken as the
    first and as the second time of an hour that the clock shows twice.
    """

    microseconds: NDArray[np.int64]
    skipped: NDArray[np.bool_]
    first: int
    second: int


@dataclass(slots=True)
class LocalClock:
    """A zone's clock, read row by row in the file's order; rows may come in any number of portions.

    Of an hour that is shown twice, rows are its first time until a sensor's local time steps back: from there on they
    are the second. In a file that runs backwards in time the first rows met are the second time.
    """

    zone: tzinfo
    interval_us: float = 1_000_000.0
    backwards: bool = False
    _last: dict[int, tuple[int, bool]] = field(default_factory=dict)
    """By sensor: the last local time inside a twice-shown hour, and whether it was the second time."""

    def to_utc(self, local_us: NDArray[np.int64], sensors: NDArray[np.intp]) -> Utc:
        """Return local times (n,) of sensors (n,) as UTC."""
        quarters, places = np.unique(local_us // _QUARTER_US, return_inverse=True)
        offsets = np.array([_offsets(int(quarter), self.zone) for quarter in quarters], np.int64).reshape(-1, 2)
        before, after = offsets[places, 0], offsets[places, 1]
        twice = np.flatnonzero(before > after)
        used = before.copy()
        second = self._second(local_us, sensors, twice, before - after)
        used[twice[second]] = after[twice[second]]
        return Utc(local_us - used, before < after, int((~second).sum()), int(second.sum()))

    def _second(
        self,
        local_us: NDArray[np.int64],
        sensors: NDArray[np.intp],
        twice: NDArray[np.intp],
        fold_us: NDArray[np.int64],
    ) -> NDArray[np.bool_]:
        """Return which of the rows `twice` are the second time of their hour."""
        second = np.zeros(len(twice), np.bool_)
        for place, row in enumerate(twice.tolist()):
            sensor, local = int(sensors[row]), int(local_us[row])
            last, was_second = self._last.get(sensor, (None, self.backwards))
            if last is None or abs(local - last) > 2 * fold_us[row]:  # not met yet, or another year's hour
                was_second = self.backwards
            else:
                step_back = last - local if not self.backwards else local - last
                # A reading an hour steps back by nothing: it shows the same hour again.
                if step_back >= min(_STEP_BACK_US, int(fold_us[row] - 1.5 * self.interval_us)):
                    was_second = not self.backwards
            second[place] = was_second
            self._last[sensor] = (local, was_second)
        return second


def _offsets(quarter: int, zone: tzinfo) -> tuple[int, int]:
    """Return the zone's offset from UTC at a local time, in µs, as seen from before and from after a change."""
    try:
        local = datetime(1970, 1, 1) + timedelta(microseconds=quarter * _QUARTER_US)  # noqa: DTZ001 - local on purpose
    except OverflowError:
        return 0, 0
    offsets = [zone.utcoffset(local.replace(fold=fold)) or timedelta() for fold in (0, 1)]
    first, second = (offset // timedelta(microseconds=1) for offset in offsets)
    return first, second
