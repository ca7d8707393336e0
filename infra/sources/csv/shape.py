"""What a CSV file looks like: encoding, separator, decimal mark and header, told from its first lines."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SEPARATORS: Final = ",;\t|"
_SAMPLE_BYTES: Final = 256 * 1024
_SAMPLE_LINES: Final = 200
_DECIMAL_COMMA: Final = re.compile(r"\s*[+-]?\d+,\d+\s*")
_DECIMAL_POINT: Final = re.compile(r"\s*[+-]?\d*\.\d+\s*")


class NotACsv(ValueError):
    """The file can't be read as rows of named columns; the message says what is missing and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvShape:
    """How to read a file; `sample` holds its first rows, cells as they stand."""

    path: Path
    encoding: str
    separator: str
    decimal: str
    header: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]

    def sample_of(self, column: str) -> list[str]:
        """Return the cells of a column in the sample that are not empty."""
        place = self.header.index(column)
        return [row[place].strip() for row in self.sample if row[place].strip()]


def shape_of(path: Path, *, separator: str | None = None) -> CsvShape:
    """Return the file's shape; `separator` is found unless given.

    Raises:
        NotACsv: it is empty, has no header, or no separator splits it.
        OSError: it can't be opened.
    """
    with path.open("rb") as file:
        beginning = file.read(_SAMPLE_BYTES)
    encoding = _encoding(beginning)
    lines = beginning.decode(encoding, errors="replace").splitlines(keepends=True)
    if len(beginning) == _SAMPLE_BYTES:
        lines = lines[:-1]
    lines = lines[:_SAMPLE_LINES]
    if not lines or not lines[0].strip():
        raise NotACsv(f"{path}: line 1 is empty; it must name the columns")
    separator = separator or _separator(path, lines)
    rows = list(csv.reader(lines, delimiter=separator))
    header = tuple(name.strip() for name in rows[0])
    _check_header(path, header, separator)
    sample = tuple(tuple(row) for row in rows[1:] if len(row) == len(header))
    cells = [cell for row in sample for cell in row]
    return CsvShape(
        path=path,
        encoding=encoding,
        separator=separator,
        decimal=_decimal(cells, separator),
        header=header,
        sample=sample,
    )


def _encoding(beginning: bytes) -> str:
    if beginning.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if beginning.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        # The sample may end within a character.
        io.TextIOWrapper(io.BytesIO(beginning[: beginning.rfind(b"\n") + 1 or None]), "utf-8").read()
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _separator(path: Path, lines: Sequence[str]) -> str:
    """Return the separator that splits most lines into as many cells as the header has, and into the most cells."""
    best, fit = "", (0.0, 1)
    for candidate in SEPARATORS:
        widths = [len(row) for row in csv.reader(lines, delimiter=candidate) if row]
        agree = sum(width == widths[0] for width in widths) / len(widths)
        if widths[0] > 1 and (agree, widths[0]) > fit:
            best, fit = candidate, (agree, widths[0])
    if not best:
        shown = ", ".join(repr(candidate) for candidate in SEPARATORS)
        raise NotACsv(f"{path}: none of {shown} splits its first line; say --separator")
    return best


def _check_header(path: Path, header: Sequence[str], separator: str) -> None:
    if len(header) == 1:
        raise NotACsv(f"{path}: {separator!r} does not split line 1: {header[0][:60]!r}")
    if all(re.fullmatch(r"[-+.,:\dTZ ]*", name) for name in header):
        raise NotACsv(f"{path}: line 1 holds no names; the first line must name the columns")
    for name in header:
        if name and header.count(name) > 1:
            raise NotACsv(f"{path}: line 1 names column {name!r} twice")


def _decimal(cells: Sequence[str], separator: str) -> str:
    if separator == ",":
        return "."
    commas = sum(bool(_DECIMAL_COMMA.fullmatch(cell)) for cell in cells)
    points = sum(bool(_DECIMAL_POINT.fullmatch(cell)) for cell in cells)
    return "," if commas > points else "."
