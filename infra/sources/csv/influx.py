"""Annotated CSV as InfluxDB exports it: tables one after the other, each behind lines that begin with `#`."""

import csv
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, TextIO

import numpy as np
import pyarrow as pa

from infra.sources.csv.long_form import long_form_in
from infra.sources.files.opening import NotATable
from infra.sources.files.table import MalformedRow, RowBlock, Table

_ANNOTATIONS: Final = ("#group", "#datatype", "#default")
_OURS: Final = frozenset({"", "result", "table", "_start", "_stop", "_measurement"})
_SAMPLED: Final = 3_000
_BLOCK_ROWS: Final = 20_000


def is_annotated(lines: Sequence[str]) -> bool:
    """Return whether a file's first lines are an annotated export."""
    first = next((line for line in lines if line.strip()), "")
    return first.lstrip('\ufeff"').startswith(_ANNOTATIONS)


def influx_table(path: Path, opener: Callable[[], TextIO]) -> Table:
    """Return an annotated export as one table with the columns of all its tables.

    Raises:
        NotATable: it has annotations and no table.
    """
    header: dict[str, None] = {}
    with opener() as file:
        for names in _headers(file):
            header |= dict.fromkeys(names)
    if not header:
        raise NotATable(f"{path}: there is no table behind its annotations")
    columns = tuple(name for name in header if name)
    with opener() as file:
        sample = tuple(
            tuple(row.get(name, "") for name in columns) for _, row in islice(_rows(file), _SAMPLED) if row is not None
        )
    long = long_form_in(columns, sample)
    known = _OURS | ({"_field", "_value", "_time"} if long else {"_time"})
    return Table(
        path=path,
        form="annotated InfluxDB export",
        header=columns,
        sample=sample,
        rows=partial(_blocks, opener),
        tags=tuple(name for name in columns if name not in known) if long else (),
        not_measured=frozenset(_OURS & set(columns)),
        long=long,
        times="_time" if "_time" in columns else None,
    )


def _headers(file: TextIO) -> Iterator[list[str]]:
    """Yield the names of each table's columns: the line behind its annotations."""
    expecting = False
    for line in file:
        if line.startswith("#"):
            expecting = True
        elif expecting and line.strip():
            expecting = False
            yield next(csv.reader([line]))


def _rows(file: TextIO) -> Iterator[tuple[int, dict[str, str] | None]]:
    """Yield the line and the cells of each row; None for a row that has not its table's number of cells."""
    reader = csv.reader(file)
    names: list[str] | None = None
    line = 1
    for cells in reader:
        begins, line = line, reader.line_num + 1
        if not any(cells):
            continue
        if cells[0].startswith("#"):
            names = None
        elif names is None:
            names = cells
        elif len(cells) != len(names):
            yield begins, None
        elif cells != names:
            yield begins, dict(zip(names, cells, strict=True))


def _blocks(opener: Callable[[], TextIO], columns: Sequence[str]) -> Iterator[RowBlock]:
    with opener() as file:
        rows = _rows(file)
        while portion := list(islice(rows, _BLOCK_ROWS)):
            whole = [(line, row) for line, row in portion if row is not None]
            yield RowBlock(
                np.array([line for line, _ in whole], np.int64),
                {name: pa.array([row.get(name, "") for _, row in whole], pa.string()) for name in columns},
                tuple(
                    MalformedRow(line, "has not as many cells as its table has columns")
                    for line, row in portion
                    if row is None
                ),
            )
