"""What comes of a block of rows: readings, refusals, and counts of what was met."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from infra.sources.reading_table import Measured, reading_table


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that does not go into the log, or, unless `whole`, a cell of it that does not while the others do.

    `column` is empty when the row as a whole is wrong.
    """

    file: str
    line: int
    column: str
    reason: str
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Counts:
    """What was met among rows.

    empty: rows that measure nothing. missing: cells that say so in words. implausible: times before 2000 or far ahead.
    first, second: rows in an hour that the clock shows twice, taken as its first and second time.
    """

    rows: int = 0
    empty: int = 0
    missing: int = 0
    implausible: int = 0
    first: int = 0
    second: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.rows + other.rows,
            self.empty + other.empty,
            self.missing + other.missing,
            self.implausible + other.implausible,
            self.first + other.first,
            self.second + other.second,
        )


@dataclass(frozen=True, slots=True)
class ReadRows:
    """The admitted readings of a block before they have ids, in file order; what was refused; and what was met."""

    measured: Measured
    lines: NDArray[np.int64]
    refused: tuple[RefusedRow, ...]
    counts: Counts

    @property
    def table(self) -> pa.RecordBatch:
        """Return the readings in `schemas.decoder.COLUMNS`, each with its id."""
        return reading_table(self.measured)


@dataclass(slots=True)
class Cells:
    """A block's rows while they are read; n of them.

    values: float64 array (n, c) in the profile's channel order. sensor: intp array (n,), index into the reader's
    sensors. bad: rows that are refused, with column and reason. bad_cells: cells that are.
    """

    lines: NDArray[np.int64]
    recorded_at_us: NDArray[np.int64]
    sensor: NDArray[np.intp]
    values: NDArray[np.float64]
    injected: pa.BooleanArray
    anomaly_type: pa.StringArray
    bad: dict[int, tuple[str, str]]
    bad_cells: list[tuple[int, str, str]] = field(default_factory=list)
    missing: int = 0
