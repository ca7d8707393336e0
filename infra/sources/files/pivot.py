"""Tables with a row per channel to readings with a value per channel: what one sensor measured at one moment."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from infra.sources.csv.long_form import GOOD
from infra.sources.csv.numbers import not_finite, numbers_of
from infra.sources.files.columnar import as_texts
from infra.sources.files.labels import labels_of, no_labels
from infra.sources.files.read_rows import Cells, ReadRows, RefusedRow
from infra.sources.files.row_reader import RowReader
from infra.sources.files.table import LongForm, RowBlock
from infra.sources.times.moments import Moments

MOST_HELD: Final = 8_000_000
"""Values held while a file's order in time is not known; beyond it they go to the log as they stand, in readings of
their own, rather than filling the memory."""


@dataclass(frozen=True, slots=True)
class _Values:
    """Single values with their places; n of them. Row by row: line, moment, sensor, channel, value, label row."""

    lines: NDArray[np.int64]
    recorded_at_us: NDArray[np.int64]
    sensor: NDArray[np.intp]
    channel: NDArray[np.intp]
    values: NDArray[np.float64]
    injected: pa.BooleanArray
    anomaly_type: pa.StringArray

    def __len__(self) -> int:
        return len(self.lines)

    def take(self, rows: NDArray[np.intp]) -> "_Values":
        """Return some of them."""
        taken = pa.array(rows)
        return _Values(
            self.lines[rows],
            self.recorded_at_us[rows],
            self.sensor[rows],
            self.channel[rows],
            self.values[rows],
            self.injected.take(taken),
            self.anomaly_type.take(taken),
        )


class Pivot:
    """Reads a long table's blocks; values of one sensor and moment become one reading.

    While blocks come in the order of time, readings are given out as soon as a later moment is met. A file whose times
    start again with each channel is held until its end.
    """

    def __init__(self, reader: RowReader, form: LongForm) -> None:
        self._reader = reader
        self._form = form
        self._held: list[_Values] = []
        self._channel = {name: reader.profile.channel_names.index(to) for name, to in reader.plan.channels.items()}

    def read(self, blocks: Iterable[RowBlock]) -> Iterator[ReadRows]:
        """Yield the readings of all blocks."""
        ordered, newest = True, np.iinfo(np.int64).min
        for block in blocks:
            values, refused, moments, missing = self._values(block)
            if len(values):
                inside = bool((np.diff(values.recorded_at_us) >= 0).all())
                ordered = ordered and inside and int(values.recorded_at_us[0]) >= newest
                newest = max(newest, int(values.recorded_at_us.max()))
                self._held.append(values)
            held = sum(map(len, self._held))
            out = _no_values(values)
            if ordered and held:
                together = _together(self._held)
                done = together.recorded_at_us < newest
                out, rest = together.take(np.flatnonzero(done)), together.take(np.flatnonzero(~done))
                self._held = [rest]
            elif held > MOST_HELD:
                out, self._held = _together(self._held), []
            yield self._readings(out, refused, moments, missing)
        if self._held:
            yield self._readings(_together(self._held), (), _NO_MOMENTS, 0)

    def _values(self, block: RowBlock) -> tuple[_Values, Sequence[RefusedRow], Moments, int]:
        reader, form = self._reader, self._form
        sensor = reader._sensor_rows(block)  # noqa: SLF001 - one reader in two parts
        moments = reader.moments(block, sensor)
        numbers = numbers_of(block.columns[form.value], reader.plan.cells)
        labels = reader.plan.choice.labels
        injected, kinds = labels_of(as_texts(block.columns[labels])) if labels else no_labels(len(block))
        coded = pc.utf8_trim_whitespace(as_texts(block.columns[form.name])).dictionary_encode()
        place_of = np.array([self._channel.get(name, -1) for name in coded.dictionary.to_pylist()], np.intp)
        channel = place_of[coded.indices.to_numpy()] if len(block) else np.empty(0, np.intp)
        bad_quality = self._bad_quality(block)
        refused = [RefusedRow(str(reader._table.path), row.line, "", row.reason) for row in block.malformed]  # noqa: SLF001
        kept = ~numbers.wrong & ~np.isnan(numbers.values) & (channel >= 0) & ~bad_quality
        for row, reason in moments.wrong.items():
            kept[row] = False
            refused.append(RefusedRow(str(reader._table.path), int(block.lines[row]), reader.plan.time_column, reason))  # noqa: SLF001
        for row in np.flatnonzero(numbers.wrong & (channel >= 0) & ~bad_quality).tolist():
            if row not in moments.wrong:
                reason = not_finite(as_texts(block.columns[form.value])[row].as_py())
                refused.append(RefusedRow(str(reader._table.path), int(block.lines[row]), form.value, reason))  # noqa: SLF001
        rows = np.flatnonzero(kept)
        whole = _Values(block.lines, moments.microseconds, sensor, channel, numbers.values, injected, kinds)
        missing = int((numbers.missing | (bad_quality & ~np.isnan(numbers.values))).sum())
        return whole.take(rows), refused, moments, missing

    def _bad_quality(self, block: RowBlock) -> NDArray[np.bool_]:
        if self._form.quality is None:
            return np.zeros(len(block), np.bool_)
        coded = pc.utf8_lower(pc.utf8_trim_whitespace(as_texts(block.columns[self._form.quality]))).dictionary_encode()
        bad = np.array([text not in GOOD for text in coded.dictionary.to_pylist()], np.bool_)
        return bad[coded.indices.to_numpy()] if len(block) else np.zeros(0, np.bool_)

    def _readings(self, values: _Values, refused: Sequence[RefusedRow], moments: Moments, missing: int) -> ReadRows:
        """Return single values as readings: the k-th value of a channel at one moment stands in the k-th reading."""
        count = len(self._reader.profile.channels)
        order = np.lexsort((values.lines, values.channel, values.sensor, values.recorded_at_us))
        sorted_ = values.take(order)
        keys = np.stack([sorted_.recorded_at_us, sorted_.sensor, sorted_.channel])
        again = np.zeros(len(sorted_), np.int64)
        if len(sorted_):
            starts = np.concatenate([[True], (np.diff(keys, axis=1) != 0).any(axis=0)])
            begins = np.maximum.accumulate(np.where(starts, np.arange(len(starts)), 0))
            again = np.arange(len(starts)) - begins
        group = np.stack([sorted_.recorded_at_us, again, sorted_.sensor])
        groups, first, inverse = np.unique(group, axis=1, return_index=True, return_inverse=True)
        matrix = np.full((groups.shape[1], count), np.nan)
        matrix[inverse.ravel(), sorted_.channel] = sorted_.values
        taken = pa.array(first)
        cells = Cells(
            sorted_.lines[first],
            groups[0],
            groups[2].astype(np.intp),
            matrix,
            sorted_.injected.take(taken),
            sorted_.anomaly_type.take(taken),
            bad={},
            missing=missing,
        )
        return self._reader.screened(cells, refused, moments)


_NO_MOMENTS: Final = Moments(np.empty(0, np.int64), {}, 0, 0, 0)


def _no_values(like: _Values) -> _Values:
    return like.take(np.empty(0, np.intp))


def _together(parts: Sequence[_Values]) -> _Values:
    if len(parts) == 1:
        return parts[0]
    return _Values(
        np.concatenate([part.lines for part in parts]),
        np.concatenate([part.recorded_at_us for part in parts]),
        np.concatenate([part.sensor for part in parts]),
        np.concatenate([part.channel for part in parts]),
        np.concatenate([part.values for part in parts]),
        pa.concat_arrays([part.injected for part in parts]),
        pa.concat_arrays([part.anomaly_type for part in parts]),
    )
