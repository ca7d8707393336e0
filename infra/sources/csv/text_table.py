"""A text file as a table: encoding, separator, decimal mark and header, told from its first lines."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Final, TextIO

from infra.sources.csv.header import Header, NoHeader, find_header, is_value
from infra.sources.csv.influx import influx_table, is_annotated
from infra.sources.csv.long_form import long_form_in
from infra.sources.csv.rows import Dialect, row_blocks
from infra.sources.csv.toa5 import TOA5, toa5_header
from infra.sources.files.opening import DAMAGED, NotATable, opened
from infra.sources.files.table import Table

SEPARATORS: Final = ",;\t|"
_NAMES: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SAMPLE_BYTES: Final = 256 * 1024
_SAMPLE_ROWS: Final = 3_000
_UNSPLIT: Final = re.compile(r"[;\t|]")
_COMMA: Final = re.compile(r"[+-]?\d*,\d+")
_POINT: Final = re.compile(r"[+-]?\d*\.\d+")
_GROUP: Final = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
_BOTH: Final = re.compile(r"[+-]?\d{1,3}(?:([.,' ])\d{3})+([.,])\d+")


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said about a text file; None where it is to be found."""

    separator: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    header_line: int | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of the sample and the line on which it begins, counted from 1."""

    number: int
    cells: list[str]


def text_table(path: Path, said: Said) -> Table:
    """Return a text file, packed or not, as a table.

    Raises:
        NotATable: it is empty, has no header, or no separator splits it.
        OSError: it can't be opened.
    """
    try:
        with opened(path) as file:
            beginning = _read_up_to(file, _SAMPLE_BYTES)
    except DAMAGED as error:
        raise NotATable(f"{path} is damaged: {error}") from error
    encoding = said.encoding or _encoding(beginning)
    text = _decoded(path, beginning, encoding)
    lines = io.StringIO(text, newline="").readlines()
    if len(beginning) == _SAMPLE_BYTES and len(lines) > 1:
        lines = lines[:-1]
    if not any(line.strip() for line in lines):
        raise NotATable(f"{path} is empty")
    opener = partial(_text, path, encoding)
    if is_annotated(lines):
        return influx_table(path, opener)
    separator = said.separator or _separator(path, lines)
    rows = _rows(path, lines, separator)
    header, form = _header(path, rows, said)
    names = _named_once(path, header.names, rows[header.first_row - 1].number)
    data = [row.cells for row in rows[header.first_row :]]
    sample = tuple(tuple(row[: len(names)]) for row in data if _fits(row, len(names)))
    decimal = said.decimal or decimal_of([cell for row in sample for cell in row], separator)
    first_line = rows[header.first_row].number if header.first_row < len(rows) else len(lines) + 1
    dialect = Dialect(names=names, separator=separator, first_line=first_line)
    mark = "comma" if decimal == "," else "point"
    return Table(
        path=path,
        form=form or f"{_NAMES.get(separator, repr(separator))}-separated, decimal {mark}, {encoding}",
        header=names,
        units=header.units,
        sample=sample,
        decimal=decimal,
        rows=partial(row_blocks, opener, dialect),
        machine_id=rows[0].cells[1] if form else None,
        not_measured=frozenset({"RECORD"}) if form else frozenset(),
        times=names[0] if form else None,
        long=long_form_in(names, sample),
    )


def decimal_of(cells: Sequence[str], separator: str) -> str:
    """Return the decimal mark: `1,5` and `1.234,5` show a comma, `1.5` and `1,234.5` a point, `1,234` alone neither."""
    commas = points = weak_commas = 0
    for raw in cells:
        cell = raw.strip()
        if both := _BOTH.fullmatch(cell):
            if both[1] != both[2]:
                commas, points = commas + (both[2] == ","), points + (both[2] == ".")
        elif _GROUP.fullmatch(cell):
            weak_commas += "," in cell
        else:
            commas += bool(_COMMA.fullmatch(cell))
            points += bool(_POINT.fullmatch(cell))
    if commas or points:
        return "," if commas > points else "."
    return "," if weak_commas and separator != "," else "."


def _read_up_to(file: IO[bytes], size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (part := file.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _encoding(beginning: bytes) -> str:
    if beginning.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if beginning.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    pairs = beginning[: len(beginning) // 2 * 2]
    if pairs and pairs[1::2].count(0) > len(pairs) // 4 > pairs[::2].count(0):
        return "utf-16-le"
    if pairs and pairs[::2].count(0) > len(pairs) // 4 > pairs[1::2].count(0):
        return "utf-16-be"
    try:
        # The sample may end within a character.
        beginning[: beginning.rfind(b"\n") + 1 or None].decode()
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _decoded(path: Path, beginning: bytes, encoding: str) -> str:
    try:
        text = beginning.decode(encoding, errors="replace")
    except LookupError as error:
        raise NotATable(f"{encoding!r} is no encoding") from error
    if "\0" in text[:1000]:
        raise NotATable(f"{path} is no text: its beginning holds zero bytes, and no known format fits")
    return text


def _text(path: Path, encoding: str) -> TextIO:
    return io.TextIOWrapper(opened(path), encoding=encoding, errors="replace", newline="")


def _rows(path: Path, lines: Sequence[str], separator: str) -> list[_Line]:
    reader = csv.reader(lines, delimiter=separator)
    rows: list[_Line] = []
    while len(rows) < _SAMPLE_ROWS:
        number = reader.line_num + 1
        try:
            rows.append(_Line(number, next(reader)))
        except StopIteration:
            break
        except csv.Error as error:
            raise NotATable(f"{path}, line {number}: {error}") from error
    return rows


def _separator(path: Path, lines: Sequence[str]) -> str:
    """Return the separator that splits the later lines most evenly into cells that hold values, and into the most."""
    best, most = "", (0.0, 1)
    for candidate in SEPARATORS:
        rows = [row.cells for row in _rows(path, lines, candidate)]
        later = [row for row in rows[len(rows) // 2 :] if any(cell.strip() for cell in row)]
        if not later:
            continue
        width, agreeing = Counter(len(row) for row in later).most_common(1)[0]
        cells = [cell for row in later[:200] if len(row) == width for cell in row if cell.strip()]
        # A cell in which another separator stands was not split: `17.11.2026 06:00;1` of `17.11.2026 06:00;1,5`.
        valued = sum(is_value(cell) and not _UNSPLIT.search(cell) for cell in cells) / len(cells) if cells else 0.0
        fit = round(agreeing / len(later) * (0.2 + valued), 2)
        if width > 1 and (fit, width) > most:
            best, most = candidate, (fit, width)
    if best:
        return best
    first = next(line for line in lines if line.strip())
    splitting = max(SEPARATORS, key=first.count)
    if first.count(splitting):
        return splitting
    alone = [line.strip() for line in lines if line.strip()]
    if len(alone) > 1 and sum(map(is_value, alone)) > len(alone) / 2:
        return ";"  # one column: nothing separates
    shown = ", ".join(repr(candidate) for candidate in SEPARATORS)
    raise NotATable(f"{path}: none of {shown} splits its lines into the same number of cells; say --separator")


def _header(path: Path, rows: Sequence[_Line], said: Said) -> tuple[Header, str | None]:
    """Return the header, and what kind of logger wrote it if one did."""
    cells = [row.cells for row in rows]
    try:
        if said.header_line is not None:
            place = next((place for place, row in enumerate(rows) if row.number == said.header_line), None)
            if place is None:
                raise NotATable(f"{path}: no row begins on line {said.header_line} of its first {len(rows)} rows")
            return find_header(cells, named_at=place), None
        if cells[0][:1] and cells[0][0] in TOA5:
            return toa5_header(cells), f"{cells[0][0]} of a data logger"
        return find_header(cells), None
    except NoHeader as error:
        raise NotATable(f"{path}: {error}; --header LINE says which line does") from error


def _named_once(path: Path, names: Sequence[str], line: int) -> tuple[str, ...]:
    for name in names:
        if name and list(names).count(name) > 1:
            raise NotATable(f"{path}: line {line} names column {name!r} twice")
    return tuple(names)


def _fits(row: Sequence[str], width: int) -> bool:
    return len(row) >= width and not any(cell.strip() for cell in row[width:]) and any(cell.strip() for cell in row)
