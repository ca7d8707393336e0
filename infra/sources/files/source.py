"""A file with what is known of its columns: the readings it holds, block by block."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from domain.profiles import ProfileDefined
from infra.sources.files.columns_do_not_fit import ColumnsDoNotFit
from infra.sources.files.pivot import Pivot
from infra.sources.files.plan import ColumnPlan, profile_from
from infra.sources.files.read_rows import ReadRows
from infra.sources.files.row_reader import RowReader
from infra.sources.files.table import Table
from infra.sources.times.moments import Plausible

FALLBACK_INTERVAL_S = 1.0
"""Expected interval of a file that shows none: it has a single row per sensor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource:
    """One file, how its columns are taken, and which times are accepted."""

    table: Table
    plan: ColumnPlan
    plausible: Plausible

    def readings(self, profile: ProfileDefined) -> Iterator[ReadRows]:
        """Yield the file's readings in order, each block before the next is read."""
        reader = RowReader(self.table, self.plan, profile, self.plausible)
        reader.clock.backwards = self.runs_backwards()
        blocks = self.table.rows(reader.columns)
        if self.table.long is not None:
            yield from Pivot(reader, self.table.long).read(blocks)
            return
        for block in blocks:
            yield reader.read(block)

    def runs_backwards(self) -> bool:
        """Return whether the sample's times fall from row to row: some programs write the newest first."""
        form = self.plan.time_form
        if form is None or self.table.long is not None:
            return False
        import pyarrow as pa  # noqa: PLC0415

        places = [self.table.header.index(name) for name in self.plan.time]
        texts = [" ".join(row[place].strip() for place in places).strip() for row in self.table.sample]
        parsed = form.parse(pa.array(texts, pa.string()))
        steps = np.diff(parsed.microseconds[parsed.read])
        return bool((steps < 0).sum() > (steps > 0).sum())


@dataclass(frozen=True, slots=True)
class Beginning:
    """A file's first readings: read to decide before anything is appended."""

    rows: ReadRows | None
    interval_s: float


def beginning_of(source: FileSource) -> Beginning:
    """Return the file's first block of readings and its usual step in time.

    Raises:
        ColumnsDoNotFit: the block shows that the file is not what was said: most of its times are not accepted, or a
            channel holds words for the most part.
    """
    every = source.plan.choice.every
    provisional = provisional_profile(source.plan, interval_s=FALLBACK_INTERVAL_S)
    for read in source.readings(provisional):
        _must_be_plausible(source, read)
        if len(read.measured):
            step = every.total_seconds() if every is not None and not source.plan.time else _usual_step_s(read)
            return Beginning(read, step)
    return Beginning(None, FALLBACK_INTERVAL_S)


def provisional_profile(plan: ColumnPlan, *, interval_s: float) -> ProfileDefined:
    """Return the profile a file would define by itself, as if it were the first of its name."""
    channels, expected_interval_s = profile_from(plan, interval_s=interval_s)
    return ProfileDefined(
        name=plan.choice.profile, version=1, channels=channels, expected_interval_s=expected_interval_s
    )


def _must_be_plausible(source: FileSource, read: ReadRows) -> None:
    counts = read.counts
    timed = [row for row in read.refused if row.column == source.plan.time_column]
    if 2 * counts.implausible > counts.rows:
        first = timed[0]
        raise ColumnsDoNotFit(f"{first.file}, line {first.line}, column {first.column!r}: {first.reason}")
    if timed and len(timed) >= counts.rows - counts.empty:
        first = timed[0]
        raise ColumnsDoNotFit(
            f"{first.file}: no row has a time; line {first.line}, column {first.column!r}: {first.reason}"
        )


def _usual_step_s(read: ReadRows) -> float:
    """Return the median step forward in time between neighbouring rows of the same sensor, in seconds."""
    steps = np.abs(steps_us(read.measured.sensor, read.measured.recorded_at_us))
    steps = steps[steps > 0]
    seconds = float(np.median(steps)) / 1e6 if len(steps) else FALLBACK_INTERVAL_S
    return seconds if isfinite(seconds) and seconds > 0 else FALLBACK_INTERVAL_S


def steps_us(sensor: NDArray[np.intp], recorded_at_us: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the steps in time from each row to the next of the same sensor, sensor by sensor."""
    order = np.argsort(sensor, kind="stable")
    steps, same = np.diff(recorded_at_us[order]), np.diff(sensor[order]) == 0
    return np.asarray(steps[same])
