"""A sheet of a spreadsheet (xlsx, xlsm, xlsb, xls, ods) as a table."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook

from infra.sources.csv.header import NoHeader, find_header
from infra.sources.csv.long_form import long_form_in
from infra.sources.csv.text_table import decimal_of
from infra.sources.files.opening import NotATable
from infra.sources.files.table import RowBlock, Table

_SAMPLED: Final = 3_000
_BLOCK_ROWS: Final = 20_000


def workbook_table(path: Path, *, sheet: str | None = None, header_line: int | None = None) -> Table:
    """Return a sheet as a table; without a name the one sheet that holds any rows.

    Raises:
        NotATable: it is damaged, there is no such sheet, or several could be meant.
    """
    try:
        workbook = CalamineWorkbook.from_path(str(path))
        name = _sheet(path, workbook, sheet)
        rows = [
            [_text(cell) for cell in row] for row in workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
        ]
    except CalamineError as error:
        raise NotATable(f"{path} is damaged: {error}") from error
    try:
        header = find_header(rows[:_SAMPLED], named_at=None if header_line is None else header_line - 1)
    except NoHeader as error:
        raise NotATable(f"{path}, sheet {name!r}: {error}; --header LINE says which row does") from error
    names = header.names
    for column in names:
        if column and names.count(column) > 1:
            raise NotATable(f"{path}, sheet {name!r} names column {column!r} twice")
    data = rows[header.first_row :]
    sample = tuple(tuple(row) for row in data[:_SAMPLED] if any(row))
    return Table(
        path=path,
        form=f"sheet {name!r} of a workbook",
        header=names,
        units=header.units,
        sample=sample,
        decimal=decimal_of([cell for row in sample for cell in row], "\t"),
        rows=partial(_blocks, names, data, header.first_row + 1),
        long=long_form_in(names, sample),
    )


def _sheet(path: Path, workbook: CalamineWorkbook, said: str | None) -> str:
    names = list(workbook.sheet_names)
    if said is not None:
        if said not in names:
            raise NotATable(f"{path} has no sheet {said!r}; its sheets are {', '.join(names)}")
        return said
    filled = [name for name in names if workbook.get_sheet_by_name(name).height > 1]
    if len(filled) != 1:
        raise NotATable(f"{path} has {len(filled)} sheets with rows: say --sheet {' or '.join(filled or names)}")
    return filled[0]


def _text(cell: object) -> str:
    match cell:
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
        case datetime():
            return cell.isoformat(sep=" ")
        case date() | time():
            return cell.isoformat()
        case timedelta():
            return repr(cell.total_seconds())
        case _:
            return str(cell).strip()


def _blocks(
    names: Sequence[str], data: Sequence[Sequence[str]], first_line: int, columns: Sequence[str]
) -> Iterator[RowBlock]:
    wanted = [names.index(column) for column in columns]
    for start in range(0, len(data), _BLOCK_ROWS):
        part = [
            (first_line + start + place, row) for place, row in enumerate(data[start : start + _BLOCK_ROWS]) if any(row)
        ]
        arrays = {
            column: pa.array([row[place] for _, row in part], pa.string())
            for column, place in zip(columns, wanted, strict=True)
        }
        yield RowBlock(np.array([line for line, _ in part], np.int64), arrays)
