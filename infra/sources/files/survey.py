"""What files hold, as far as they tell by themselves: channels, times, gaps, what is missing, odd or refused."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.profiles import ProfileDefined
from domain.readings import moment_of
from infra.sources.files.plan import ColumnPlan
from infra.sources.files.read_rows import Counts, ReadRows, RefusedRow
from infra.sources.files.source import FileSource, steps_us

_KEPT_ROWS: Final = 200_000
"""Rows from the beginning on which medians and intervals are computed."""

MOST_REFUSED_KEPT: Final = 10_000
_GAP_INTERVALS: Final = 20


@dataclass(slots=True)
class ChannelFound:
    """A channel and what the files show of it.

    at_minimum, at_maximum: how many cells hold these very values; above_minimum, below_maximum: the next values.
    interval_s: the usual time between two of its values, of one sensor.
    """

    column: str
    channel: str
    unit: str
    values: int = 0
    minimum: float = inf
    maximum: float = -inf
    at_minimum: int = 0
    at_maximum: int = 0
    above_minimum: float = inf
    below_maximum: float = -inf
    median: float = float("nan")
    interval_s: float = float("nan")

    @property
    def constant(self) -> bool:
        """Return whether it never changes."""
        return self.values > 1 and self.minimum == self.maximum

    @property
    def suspicious(self) -> tuple[tuple[float, int], ...]:
        """Return values that many cells hold at an end, far from all others: sentinels, most likely."""
        if self.above_minimum >= self.maximum:
            return ()  # two values: a state
        found = []
        rest_low = self.above_minimum if self._many(self.at_minimum) else self.minimum
        rest_high = self.below_maximum if self._many(self.at_maximum) else self.maximum
        for value, count, nearest in (
            (self.minimum, self.at_minimum, self.above_minimum),
            (self.maximum, self.at_maximum, self.below_maximum),
        ):
            spread = max(rest_high - rest_low, 1e-9)
            if self._many(count) and abs(value - nearest) < inf and abs(value - nearest) > 2 * spread:
                found.append((value, count))
        return tuple(found)

    def _many(self, count: int) -> bool:
        return count >= max(3, self.values // 2_000) and count < self.values

    def take(self, values: NDArray[np.float64]) -> None:
        """Take in values, none of them NaN."""
        if not len(values):
            return
        self.values += len(values)
        distinct, counts = np.unique(values, return_counts=True)
        self._lower(distinct[:2].tolist(), int(counts[0]))
        self._raise(distinct[::-1][:2].tolist(), int(counts[-1]))

    def _lower(self, lowest: Sequence[float], count: int) -> None:
        others = [*lowest, self.minimum, self.above_minimum]
        if lowest[0] < self.minimum:
            self.minimum, self.at_minimum = lowest[0], count
        elif lowest[0] == self.minimum:
            self.at_minimum += count
        self.above_minimum = min((value for value in others if value > self.minimum), default=inf)

    def _raise(self, highest: Sequence[float], count: int) -> None:
        others = [*highest, self.maximum, self.below_maximum]
        if highest[0] > self.maximum:
            self.maximum, self.at_maximum = highest[0], count
        elif highest[0] == self.maximum:
            self.at_maximum += count
        self.below_maximum = max((value for value in others if value < self.maximum), default=-inf)


@dataclass(slots=True)
class Survey:
    """What files hold.

    refused: the first of the refusals; refused_rows, refused_cells count all of them. equal_times: rows at the time of
    the row before, of one sensor. backwards: rows before the one before. gaps: steps of over 20 intervals.
    """

    channels: list[ChannelFound]
    interval_s: float
    first: datetime | None = None
    last: datetime | None = None
    readings: int = 0
    counts: Counts = field(default_factory=Counts)
    sensors: set[tuple[str, str]] = field(default_factory=set)
    refused: list[RefusedRow] = field(default_factory=list)
    refused_rows: int = 0
    refused_cells: int = 0
    equal_times: int = 0
    backwards: int = 0
    gaps: int = 0
    longest_gap_s: float = 0.0
    _kept: list[ReadRows] = field(default_factory=list)
    _last: dict[tuple[str, str], int] = field(default_factory=dict)

    def take(self, read: ReadRows) -> None:
        """Take in a block."""
        self.counts += read.counts
        self.refused.extend(read.refused[: max(0, MOST_REFUSED_KEPT - len(self.refused))])
        self.refused_rows += sum(row.whole for row in read.refused)
        self.refused_cells += sum(not row.whole for row in read.refused)
        measured = read.measured
        if not len(measured):
            return
        self.readings += len(measured)
        times = measured.recorded_at_us
        first, last = moment_of(int(times.min())), moment_of(int(times.max()))
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)
        self._steps(read)
        for place, channel in enumerate(self.channels):
            column = measured.values[:, place]
            channel.take(column[~np.isnan(column)])
        if sum(len(one.measured) for one in self._kept) < _KEPT_ROWS:
            self._kept.append(read)

    def finish(self) -> "Survey":
        """Compute medians and intervals from the first rows, and return the survey."""
        for place, channel in enumerate(self.channels):
            steps, values = [], []
            for read in self._kept:
                given = ~np.isnan(read.measured.values[:, place])
                values.append(read.measured.values[given, place])
                between = np.abs(steps_us(read.measured.sensor[given], read.measured.recorded_at_us[given]))
                steps.append(between[between > 0])
            together, apart = np.concatenate(values or [np.empty(0)]), np.concatenate(steps or [np.empty(0)])
            channel.median = float(np.median(together)) if len(together) else float("nan")
            channel.interval_s = float(np.median(apart)) / 1e6 if len(apart) else float("nan")
        self._kept.clear()
        return self

    def _steps(self, read: ReadRows) -> None:
        measured = read.measured
        for place in np.unique(measured.sensor).tolist():
            sensor = measured.sensors[place]
            key = (sensor.machine_id, sensor.sensor_id)
            self.sensors.add(key)
            times = measured.recorded_at_us[measured.sensor == place]
            before = [self._last[key]] if key in self._last else []
            steps = np.diff(np.concatenate([before, times])) if before else np.diff(times)
            self._last[key] = int(times[-1])
            self.equal_times += int((steps == 0).sum())
            self.backwards += int((steps < 0).sum())
            long = steps > _GAP_INTERVALS * self.interval_s * 1e6
            self.gaps += int(long.sum())
            self.longest_gap_s = max(self.longest_gap_s, float(steps.max(initial=0)) / 1e6 if long.any() else 0.0)


def survey(sources: Sequence[FileSource], profile: ProfileDefined) -> Survey:
    """Return what the files hold from end to end, judged by `profile`."""
    columns: dict[str, tuple[str, ColumnPlan]] = {}
    for source in sources:
        for column, channel in source.plan.channels.items():
            columns.setdefault(channel, (column, source.plan))
    found = Survey(
        channels=[
            ChannelFound(
                column=columns[channel.name][0] if channel.name in columns else "",
                channel=channel.name,
                unit=(columns[channel.name][1].units[channel.name] if channel.name in columns else "") or channel.unit,
            )
            for channel in profile.channels
        ],
        interval_s=profile.expected_interval_s,
    )
    for source in sources:
        for read in source.readings(profile):
            found.take(read)
    return found.finish()
