"""What a file of any form looks like once it is opened: named columns, a sample, and blocks of rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class MalformedRow:
    """A line that has not as many cells as the header."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Rows of a file: lines int64 array (n,), counted from 1; columns (n,) by name, text or typed; what is no row."""

    lines: NDArray[np.int64]
    columns: Mapping[str, pa.Array]
    malformed: tuple[MalformedRow, ...] = ()

    def __len__(self) -> int:
        return len(self.lines)


Rows = Callable[[Sequence[str]], Iterator[RowBlock]]
"""Yields a table's rows in order, with the columns asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongForm:
    """A table with a row per channel: which column names the channel, which holds the value, and its unit if any.

    quality: column that says whether the value is good.
    """

    name: str
    value: str
    unit: str | None = None
    quality: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """How to read a file; `sample` holds its first rows, cells as text.

    path: as the person named it. form: what people call this kind of file. header: column names; "" is a column that is
    left out. units: of columns, where the file states them beside the header. machine_id: where the file itself names
    its machine. tags: columns that name machine or sensor, such as the tags of an export. not_measured: columns that
    this form always has and that are no channels. long: how it names channels when it has a row for each.
    """

    path: Path
    form: str
    header: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    rows: Rows
    decimal: str = "."
    units: Mapping[str, str] = field(default_factory=dict)
    machine_id: str | None = None
    tags: tuple[str, ...] = ()
    not_measured: frozenset[str] = frozenset()
    long: LongForm | None = None
    times: str | None = None
    """The column that holds the time, where the form says so."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that have a name."""
        return tuple(name for name in self.header if name)

    def sample_of(self, column: str) -> list[str]:
        """Return the cells of a column in the sample that are not empty."""
        place = self.header.index(column)
        return [row[place].strip() for row in self.sample if row[place].strip()]
