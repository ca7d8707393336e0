"""Rows of a file to readings: what can be read goes into columns, the rest is refused with line, column, reason."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from domain.profiles import ProfileDefined
from domain.readings import microseconds
from infra.sources.csv.numbers import not_finite, numbers_of
from infra.sources.files.columnar import as_texts
from infra.sources.files.labels import labels_of, no_labels
from infra.sources.files.plan import ColumnPlan, time_texts
from infra.sources.files.read_rows import Cells, Counts, ReadRows, RefusedRow
from infra.sources.files.table import RowBlock, Table
from infra.sources.reading_table import Measured, Sensor, reading_table
from infra.sources.times.clock import LocalClock
from infra.sources.times.moments import Moments, Plausible, moments_of
from schemas.admission import screen

SOURCE = "csv"


class RowReader:
    """Turns blocks of one file into readings of one profile; blocks come in order."""

    def __init__(self, table: Table, plan: ColumnPlan, profile: ProfileDefined, plausible: Plausible) -> None:
        self._file = str(table.path)
        self._table = table
        self.plan = plan
        self.profile = profile
        self.plausible = plausible
        self.clock = LocalClock(plan.choice.zone, interval_us=profile.expected_interval_s * 1e6)
        self.sensors: list[Sensor] = []
        self._places: dict[Sensor, int] = {}
        self._rows_before = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that are read, each once."""
        plan, long = self.plan, self._table.long
        channels = tuple(plan.channels) if long is None else (long.name, long.value, long.quality)
        named = (*plan.time, plan.machine, plan.sensor, plan.choice.labels, *channels)
        return tuple(dict.fromkeys(name for name in named if name is not None))

    def read(self, block: RowBlock) -> ReadRows:
        """Return a block's readings; a wrong cell is refused alone, a row for the first thing that is wrong with it."""
        sensor = self._sensor_rows(block)
        moments = self.moments(block, sensor)
        bad = {row: (self.plan.time_column, reason) for row, reason in sorted(moments.wrong.items())}
        labels = self.plan.choice.labels
        injected, kinds = labels_of(as_texts(block.columns[labels])) if labels else no_labels(len(block))
        cells = Cells(block.lines, moments.microseconds, sensor, np.empty((len(block), 0)), injected, kinds, bad)
        self._fill(block, cells)
        malformed = tuple(RefusedRow(self._file, row.line, "", row.reason) for row in block.malformed)
        return self.screened(cells, malformed, moments)

    def screened(self, cells: Cells, malformed: Sequence[RefusedRow], moments: Moments) -> ReadRows:
        """Return the rows that are admitted, and why the others are not."""
        count = len(cells.lines)
        kept = np.ones(count, np.bool_)
        kept[list(cells.bad)] = False
        self._refuse_implausible(cells, kept)
        given = ~np.isnan(cells.values).all(axis=1)
        empty = kept & ~given
        hurt = {row for row, _, _ in cells.bad_cells}
        rows = np.flatnonzero(kept & given)
        measured, refused_rows = self._admitted(cells, rows)
        refused = [*malformed]
        refused += [self._refusal(cells, row, column, reason) for row, (column, reason) in cells.bad.items()]
        refused += [
            self._refusal(cells, row, column, reason, whole=bool(empty[row]))
            for row, column, reason in cells.bad_cells
            if kept[row]
        ]
        refused += [self._refusal(cells, row, column, reason) for row, column, reason in refused_rows]
        lost = {row for row, _, _ in refused_rows}
        lines = (
            cells.lines[np.array([row for row in rows.tolist() if row not in lost], np.intp)]
            if lost
            else cells.lines[rows]
        )
        counts = Counts(
            rows=count + len(malformed),
            empty=int(empty.sum()) - len([row for row in hurt if empty[row]]),
            missing=cells.missing,
            implausible=moments.implausible,
            first=moments.first,
            second=moments.second,
        )
        refused.sort(key=lambda row: row.line)
        return ReadRows(measured, lines, tuple(_rows_once(refused)), counts)

    def moments(self, block: RowBlock, sensor: NDArray[np.intp]) -> Moments:
        """Return the time of each row: its own, or the row's place in the file where rows follow each other evenly."""
        plan = self.plan
        if plan.time_form is not None:
            texts = time_texts(block.columns, plan.time)
            return moments_of(texts, plan.time_form, self.clock, self.plausible, sensor)
        start, every = plan.choice.start, plan.choice.every
        if start is None or every is None:
            raise AssertionError("a plan has a time column, or a start and a step")
        lost = np.array(sorted(row.line for row in block.malformed), np.int64)
        places = self._rows_before + np.arange(len(block)) + np.searchsorted(lost, block.lines)
        self._rows_before += len(block) + len(lost)
        every_us = every.total_seconds() * 1e6
        us = microseconds(start) + np.rint(places * every_us).astype(np.int64)
        refused = np.flatnonzero(self.plausible.refused(us)).tolist()
        why = {
            row: f"row {places[row] + 1} lands before 2000 or more than 24 h ahead of now: see --start and --every"
            for row in refused
        }
        return Moments(us, why, len(refused), 0, 0)

    def _fill(self, block: RowBlock, cells: Cells) -> None:
        """Put the numbers of a wide table's columns into the cells."""
        names = self.profile.channel_names
        cells.values = np.full((len(block), len(names)), np.nan)
        for column, channel in self.plan.channels.items():
            numbers = numbers_of(block.columns[column], self.plan.cells)
            cells.values[:, names.index(channel)] = numbers.values
            cells.missing += int(numbers.missing.sum())
            for row in np.flatnonzero(numbers.wrong).tolist():
                text = block.columns[column][row].as_py()
                cells.bad_cells.append((row, column, not_finite(text)))

    def _refuse_implausible(self, cells: Cells, kept: NDArray[np.bool_]) -> None:
        """Take out values beyond what the profile holds plausible; each is a refused cell."""
        channels = self.profile.channels
        low = np.array([channel.minimum for channel in channels])
        high = np.array([channel.maximum for channel in channels])
        with np.errstate(invalid="ignore"):
            outside = ((cells.values < low) | (cells.values > high)) & kept[:, np.newaxis]
        for row, place in np.argwhere(outside).tolist():
            channel = channels[place]
            cells.bad_cells.append(
                (
                    row,
                    self.plan.column_of(channel.name),
                    (
                        f"{cells.values[row, place]:g} {channel.unit} is outside the plausible {channel.minimum:g} to "
                        f"{channel.maximum:g}"
                    ),
                )
            )
        cells.values[outside] = np.nan

    def _admitted(self, cells: Cells, rows: NDArray[np.intp]) -> tuple[Measured, list[tuple[int, str, str]]]:
        """Return the rows as readings, without those that admission refuses, and why it does."""
        measured = self._measured(cells, rows)
        odd = self._odd_texts(measured)
        if not len(odd):
            return measured, []
        # Few rows: those with a name of a machine that is too long, empty, or holds a zero byte.
        table = reading_table(self._measured(cells, rows[odd]))
        refusals = screen(table, None, {self.profile.ref: self.profile}).refused
        told = [
            (int(rows[odd[place]]), self._named(refusal.field), refusal.reason) for place, refusal in refusals.items()
        ]
        lost = np.isin(rows, [row for row, _, _ in told])
        return self._measured(cells, rows[~lost]), told

    def _odd_texts(self, measured: Measured) -> NDArray[np.intp]:
        """Return the rows whose texts may be refused; times and values are plausible by now."""
        odd = np.array(
            [
                not (
                    0 < len(s.machine_id) <= 60
                    and 0 < len(s.sensor_id) <= 60
                    and "\0" not in s.machine_id + s.sensor_id
                )
                for s in measured.sensors
            ],
            np.bool_,
        )
        doubtful = odd[measured.sensor] if len(odd) else np.zeros(len(measured), np.bool_)
        kinds = measured.anomaly_type
        if kinds.null_count < len(kinds):
            long = pc.or_(pc.greater(pc.binary_length(kinds), 60), pc.match_substring(kinds, "\0"))
            doubtful |= long.fill_null(False).to_numpy(zero_copy_only=False)
        latest = measured.recorded_at_us
        doubtful |= (latest < 0) | (latest >= 7_258_118_400_000_000)  # 2200
        return np.flatnonzero(doubtful)

    def _measured(self, cells: Cells, rows: NDArray[np.intp]) -> Measured:
        all_rows = len(rows) == len(cells.lines)
        taken = pa.array(rows)
        return Measured(
            profile=self.profile,
            sensors=self.sensors,
            sensor=cells.sensor if all_rows else cells.sensor[rows],
            recorded_at_us=cells.recorded_at_us if all_rows else cells.recorded_at_us[rows],
            values=cells.values if all_rows else cells.values[rows],
            source=SOURCE,
            injected=cells.injected if all_rows else cells.injected.take(taken),
            anomaly_type=cells.anomaly_type if all_rows else cells.anomaly_type.take(taken),
        )

    def _sensor_rows(self, block: RowBlock) -> NDArray[np.intp]:
        """Return the sensor of each row; a machine without a sensor of its own is one, and the other way round."""
        plan, count = self.plan, len(block)
        machines = self._ids(block.columns, plan.machine, plan.machine_id, count)
        sensors = self._ids(block.columns, plan.sensor, plan.sensor_id, count)
        machines, sensors = machines if machines is not None else sensors, sensors if sensors is not None else machines
        if plan.machine is None and plan.sensor is None:
            return np.full(count, self._place(Sensor(plan.machine_id or "", plan.sensor_id or "")), np.intp)
        coded = pc.binary_join_element_wise(machines, sensors, "\x1f").dictionary_encode()
        pairs = [text.partition("\x1f") for text in coded.dictionary.to_pylist()]
        places = np.array([self._place(Sensor(machine, sensor)) for machine, _, sensor in pairs], np.intp)
        return places[coded.indices.to_numpy()] if count else np.empty(0, np.intp)

    def _place(self, sensor: Sensor) -> int:
        place = self._places.setdefault(sensor, len(self.sensors))
        if place == len(self.sensors):
            self.sensors.append(sensor)
        return place

    def _ids(
        self, columns: Mapping[str, pa.Array], column: str | None, fixed: str | None, count: int
    ) -> pa.StringArray | None:
        if column is not None:
            return pc.utf8_trim_whitespace(as_texts(columns[column]))
        return None if fixed is None else pa.repeat(pa.scalar(fixed, pa.string()), count)

    def _named(self, name: str) -> str:
        """Return the column in which a field of a reading stands."""
        plan = self.plan
        columns = {"recorded_at": plan.time_column, "machine_id": plan.machine, "sensor_id": plan.sensor}
        if name in columns:
            return columns[name] or ""
        return (plan.choice.labels or "") if name == "anomaly_type" else plan.column_of(name)

    def _refusal(self, cells: Cells, row: int, column: str, reason: str, *, whole: bool = True) -> RefusedRow:
        return RefusedRow(self._file, int(cells.lines[row]), column, reason, whole)


def _rows_once(refused: Sequence[RefusedRow]) -> list[RefusedRow]:
    """Return the refusals with each row counted as lost once: a row with two bad cells and no good one is one row."""
    seen: set[int] = set()
    once = []
    for one in refused:
        if one.whole and one.line in seen:
            once.append(RefusedRow(one.file, one.line, one.column, one.reason, whole=False))
            continue
        seen |= {one.line} if one.whole else set()
        once.append(one)
    return once
