"""How much of machines' time a history covers: what incidents are counted against."""

from typing import Final

import numpy as np

from ml.comparison.opinions import ComparedRows

GAP_INTERVALS: Final = 20
"""A silence of more expected intervals is no time watched. The same gap that begins a sensor's state anew."""

DAY_US: Final = 86_400_000_000


class MachineTime:
    """Sums the device time between neighbouring readings of each machine, in whole microseconds."""

    def __init__(self, expected_interval_s: float) -> None:
        self._longest_us: Final = int(GAP_INTERVALS * expected_interval_s * 1e6)
        self._newest_us: dict[str, int] = {}
        self._covered_us = 0

    def add(self, rows: ComparedRows) -> None:
        """Take in rows in log order."""
        for place, machine in enumerate(rows.machine_names):
            times = rows.recorded_at_us[rows.machines == place]
            if machine in self._newest_us:
                times = np.concatenate([[self._newest_us[machine]], times])
            reached = np.maximum.accumulate(times)
            steps = np.diff(reached)
            self._covered_us += int(steps[steps <= self._longest_us].sum())
            self._newest_us[machine] = int(reached[-1])

    @property
    def days(self) -> float:
        """Return the days covered, summed over machines."""
        return self._covered_us / DAY_US
