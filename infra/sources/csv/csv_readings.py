"""Rows of a file to readings: what can be read goes into columns, the rest is refused with line, column, reason."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from domain.profiles import ProfileDefined
from infra.sources.csv.labels import labels_of, no_labels
from infra.sources.csv.numbers import numbers_of
from infra.sources.csv.plan import ColumnPlan
from infra.sources.csv.rows import RowBlock
from infra.sources.csv.timestamps import moments_of
from infra.sources.reading_table import Measured, Sensor, reading_table
from schemas.admission import screen

SOURCE = "csv"


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that does not go into the log; `column` is empty when the row as a whole is wrong."""

    file: str
    line: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReadRows:
    """The admitted readings of a block in `schemas.decoder.COLUMNS`, in file order, and the rows refused.

    `twice`: rows in an hour that the clock shows twice.
    """

    table: pa.RecordBatch
    refused: tuple[RefusedRow, ...]
    twice: int


class RowReader:
    """Turns blocks of one file into readings of one profile."""

    def __init__(self, file: str, plan: ColumnPlan, profile: ProfileDefined, *, decimal: str) -> None:
        self._file = file
        self._plan = plan
        self._profile = profile
        self._decimal = decimal

    def read(self, block: RowBlock) -> ReadRows:
        """Return the block's readings; a row is refused for the first thing that is wrong with it."""
        plan = self._plan
        refused = {row.line: self._refusal(row.line, "", row.reason) for row in block.malformed}
        moments = moments_of(block.columns[plan.choice.time], plan.time_format, plan.choice.zone)
        wrong = {row: (plan.choice.time, reason) for row, reason in sorted(moments.wrong.items())}
        values = self._values(block, wrong)
        keep = np.setdiff1d(np.arange(len(block)), np.fromiter(wrong, np.intp, len(wrong)))
        for row, (column, reason) in wrong.items():
            line = int(block.lines[row])
            refused[line] = self._refusal(line, column, reason)
        table = reading_table(self._measured(block, keep, moments.microseconds[keep], values[keep]))
        refusals = screen(table, None, {self._profile.ref: self._profile}).refused
        for place, refusal in refusals.items():
            line = int(block.lines[keep[place]])
            column, reason = self._named(refusal.field), refusal.reason
            refused[line] = self._refusal(line, column, reason)
        if refusals:
            table = table.take(pa.array(np.delete(np.arange(len(table)), list(refusals))))
        return ReadRows(table, tuple(refused[line] for line in sorted(refused)), moments.twice)

    def _values(self, block: RowBlock, wrong: dict[int, tuple[str, str]]) -> NDArray[np.float64]:
        """Return float64 array (n, c) in the profile's channel order; put rows with a bad cell into `wrong`."""
        values = np.full((len(block), len(self._profile.channels)), np.nan)
        for column, channel in self._plan.channels.items():
            numbers = numbers_of(block.columns[column], decimal=self._decimal)
            values[:, self._profile.channel_names.index(channel)] = numbers.values
            for row in np.flatnonzero(numbers.wrong).tolist():
                wrong.setdefault(row, (column, f"{block.columns[column][row].as_py()!r} is not a finite number"))
        for row in np.flatnonzero(np.isnan(values).all(axis=1)).tolist():
            wrong.setdefault(row, ("", "no channel has a value"))
        return values

    def _measured(
        self,
        block: RowBlock,
        rows: NDArray[np.intp],
        recorded_at_us: NDArray[np.int64],
        values: NDArray[np.float64],
    ) -> Measured:
        columns = {name: texts.take(pa.array(rows)) for name, texts in block.columns.items()}
        sensors, sensor = self._sensors(columns, len(rows))
        labels = self._plan.choice.labels
        injected, anomaly_type = labels_of(columns[labels]) if labels else no_labels(len(rows))
        return Measured(
            profile=self._profile,
            sensors=sensors,
            sensor=sensor,
            recorded_at_us=recorded_at_us,
            values=values,
            source=SOURCE,
            injected=injected,
            anomaly_type=anomaly_type,
        )

    def _sensors(self, columns: Mapping[str, pa.StringArray], count: int) -> tuple[list[Sensor], NDArray[np.intp]]:
        """Return the sensors of the rows; a machine without a sensor of its own is one, and the other way round."""
        choice, plan = self._plan.choice, self._plan
        machines = self._ids(columns, choice.machine, plan.machine_id, count)
        sensors = self._ids(columns, choice.sensor, plan.sensor_id, count)
        machines, sensors = machines if machines is not None else sensors, sensors if sensors is not None else machines
        coded = pc.binary_join_element_wise(machines, sensors, "\0").dictionary_encode()
        pairs = [text.partition("\0") for text in coded.dictionary.to_pylist()]
        return [Sensor(machine, sensor) for machine, _, sensor in pairs], coded.indices.to_numpy().astype(np.intp)

    def _ids(
        self, columns: Mapping[str, pa.StringArray], column: str | None, fixed: str | None, count: int
    ) -> pa.StringArray | None:
        if column is not None:
            return pc.utf8_trim_whitespace(columns[column])
        return None if fixed is None else pa.repeat(pa.scalar(fixed, pa.string()), count)

    def _named(self, field: str) -> str:
        """Return the column in which a field of a reading stands."""
        choice = self._plan.choice
        columns = {"recorded_at": choice.time, "machine_id": choice.machine, "sensor_id": choice.sensor}
        if field in columns:
            return columns[field] or ""
        return (choice.labels or "") if field == "anomaly_type" else self._plan.column_of(field)

    def _refusal(self, line: int, column: str, reason: str) -> RefusedRow:
        return RefusedRow(self._file, line, column, reason)
