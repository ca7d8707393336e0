"""A CSV file as blocks of columns of text, every row with the line it stands on."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, TextIO

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from infra.sources.files.table import MalformedRow, RowBlock

BLOCK_CHARACTERS: Final = 2_000_000
"""About how much text is taken at a time: some ten thousand rows."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How rows are written: the columns' names, "" for one without, what separates cells, the first line of data."""

    names: tuple[str, ...]
    separator: str
    first_line: int


def row_blocks(opener: Callable[[], TextIO], dialect: Dialect, columns: Sequence[str]) -> Iterator[RowBlock]:
    """Yield the rows of the file in order, with the wanted columns; blank lines are passed over.

    A block in which every line is a row and quotes only enclose whole cells is split by Arrow; any other, slower, by
    the csv module.
    """
    with opener() as file:
        line = 1
        while line < dialect.first_line:
            file.readline()
            line += 1
        while lines := file.readlines(BLOCK_CHARACTERS):
            text = "".join(lines)
            block = None
            if _a_line_is_a_row(text, dialect.separator):
                block, used = _plain(lines, text.encode(), dialect, columns, first_line=line), len(lines)
            if block is None:
                block, used = _quoted(lines, file, dialect, columns, first_line=line)
            line += used
            yield block


def _a_line_is_a_row(text: str, separator: str) -> bool:
    quotes = text.count('"')
    border = re.escape(separator) + r"\r\n"
    return not quotes or quotes == 2 * len(re.findall(rf'(?<![^{border}])"[^"\r\n]*"(?![^{border}])', text))


def _plain(
    lines: Sequence[str], text: bytes, dialect: Dialect, columns: Sequence[str], *, first_line: int
) -> RowBlock | None:
    """Return the rows of a block, or None when some have empty cells beyond the last column, which Arrow refuses."""
    malformed: list[MalformedRow] = []
    skipped: list[int] = []
    trailing = False

    def refuse(row: arrow_csv.InvalidRow) -> str:
        nonlocal trailing
        trailing = trailing or row.actual_columns > row.expected_columns
        skipped.append(row.number - 1)
        if row.text.strip().strip('"').strip():  # a line of nothing but an empty cell is a blank one
            malformed.append(_malformed(first_line + row.number - 1, row.actual_columns, row.expected_columns))
        return "skip"

    names = [str(place) for place in range(len(dialect.names))]
    table = arrow_csv.read_csv(
        io.BytesIO(text),
        # One block and one thread: only then does Arrow say on which line a row stands.
        read_options=arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(text) + 1),
        parse_options=arrow_csv.ParseOptions(
            delimiter=dialect.separator, quote_char='"', ignore_empty_lines=False, invalid_row_handler=refuse
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=[str(dialect.names.index(column)) for column in columns],
            strings_can_be_null=False,
        ),
    )
    if trailing:
        return None
    places = np.delete(np.arange(len(lines)), skipped)
    batch = table.combine_chunks()
    arrays = {column: _one(batch.column(str(dialect.names.index(column)))) for column in columns}
    filled = np.array([not lines[place].isspace() for place in places.tolist()], dtype=np.bool_)
    if not filled.all():
        places, arrays = places[filled], {name: array.filter(pa.array(filled)) for name, array in arrays.items()}
    return RowBlock(first_line + places, arrays, tuple(malformed))


def _one(chunked: pa.ChunkedArray) -> pa.StringArray:
    return (
        chunked.chunk(0) if chunked.num_chunks == 1 else pa.concat_arrays([*chunked.chunks, pa.array([], pa.string())])
    )


def _quoted(
    lines: Sequence[str], rest: TextIO, dialect: Dialect, columns: Sequence[str], *, first_line: int
) -> tuple[RowBlock, int]:
    """Return the rows that begin in `lines`, and how many lines they take: the last may end in `rest`."""
    reader = csv.reader(chain(lines, iter(rest.readline, "")), delimiter=dialect.separator)
    wanted = [dialect.names.index(column) for column in columns]
    places: list[int] = []
    cells: list[list[str]] = []
    malformed: list[MalformedRow] = []
    while reader.line_num < len(lines):
        line = first_line + reader.line_num
        try:
            row = next(reader)
        except csv.Error as error:
            malformed.append(MalformedRow(line, f"not readable: {error}"))
            continue
        except StopIteration:
            break
        if not row or (len(row) == 1 and not row[0].strip()):
            continue
        if len(row) > len(dialect.names) and not any(cell.strip() for cell in row[len(dialect.names) :]):
            row = row[: len(dialect.names)]
        if len(row) != len(dialect.names):
            malformed.append(_malformed(line, len(row), len(dialect.names)))
            continue
        places.append(line)
        cells.append([row[place] for place in wanted])
    by_column = list(zip(*cells, strict=True)) if cells else [()] * len(columns)
    arrays = {column: pa.array(texts, pa.string()) for column, texts in zip(columns, by_column, strict=True)}
    return RowBlock(np.array(places, dtype=np.int64), arrays, tuple(malformed)), reader.line_num


def _malformed(line: int, cells: int, columns: int) -> MalformedRow:
    return MalformedRow(line, f"has {cells} {'cell' if cells == 1 else 'cells'}, the header names {columns} columns")
