"""Where the names of a text table stand: behind lines of preamble, over several rows, with a row of units."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from infra.sources.csv.numbers import is_missing, is_number
from infra.sources.units import is_unit, unit_text

_DATE: Final = re.compile(
    r"(?i)(?:\w{2,10},? )?"
    r"(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,4}[ ./-]?[a-z]{3,9}\.?[ ./,-]*\d{1,4}|\d{4}-?W\d{1,2}.*"
    r"|\d{1,2} \d{1,2} \d{4}|\d{8}T?\d*|[a-z]{3,9} \d{1,2},? .*\d{4})(?:[T ,:_-].*)?"
    r"|\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:[.,]\d+)?(?: ?[ap]m)?"
)
_TIME_NAMES: Final = re.compile(r"(?i).*(time|date|zeit|datum|uhr|stamp|heure|fecha|hora|\bts\b).*|t")
_FEW: Final = 12
_LEVELS: Final = 4
"""A header of more rows than this is preamble."""


class NoHeader(ValueError):
    """There is no row of names; the message says what there is instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """names: of the columns, "" for one that is left out; first_row: the first row of data, counted among the rows."""

    names: tuple[str, ...]
    units: Mapping[str, str] = field(default_factory=dict)
    first_row: int


def find_header(rows: Sequence[Sequence[str]], *, named_at: int | None = None) -> Header:
    """Return the header of a table's first rows.

    named_at: the row that holds the names, where a person said so.

    Raises:
        NoHeader: no row of names stands above the data.
    """
    width = _width(rows if named_at is None else rows[named_at:])
    data = _first_data_row(rows, width, after=-1 if named_at is None else named_at)
    above = list(range(data))
    if named_at is not None:
        levels = [named_at]
        units_row = next((row for row in above if row > named_at and _is_units(rows[row])), None)
    else:
        candidates = _directly_above(rows, above, width)
        if not candidates:
            raise NoHeader("no row of names stands above the data: the header must name the columns")
        below_names = candidates[1:] if len(candidates) > 1 else []
        units_row = next((row for row in reversed(below_names) if _is_units(rows[row])), None)
        levels = _levels(rows, [row for row in candidates if row != units_row], width)
    names = _joined([_fitted(rows[row], width, rows[data:]) for row in levels])
    if all(not name or re.fullmatch(r"[-+.,:\dTZ ]*", name) for name in names):
        raise NoHeader("the row above the data holds no names: the header must name the columns")
    units = {}
    if units_row is not None:
        texts = _fitted(rows[units_row], width, rows[data:])
        units = {name: unit_text(text) for name, text in zip(names, texts, strict=True) if name and unit_text(text)}
    return Header(names=names, units=units, first_row=data)


def is_value(cell: str) -> bool:
    """Return whether a cell holds what data hold: a number, a time, or a word for nothing measured."""
    cell = cell.strip()
    return is_number(cell) or bool(_DATE.fullmatch(cell)) or (bool(cell) and is_missing(cell))


def _width(rows: Sequence[Sequence[str]]) -> int:
    """Return how many cells most rows have: of those in the last third, where preamble is behind us.

    A table of a few rows is counted whole, without lines of a single cell if there are wider ones.
    """
    few = len(rows) < _FEW
    widths = [len(row) for row in (rows if few else rows[2 * len(rows) // 3 :]) if any(cell.strip() for cell in row)]
    if few and max(widths, default=0) > 1:
        widths = [width for width in widths if width > 1]
    return Counter(reversed(widths)).most_common(1)[0][0] if widths else 0


def _first_data_row(rows: Sequence[Sequence[str]], width: int, *, after: int) -> int:
    """Return the first row whose cells are of the kinds that the columns have further down."""
    fitting = [row for row in rows if len(row) == width]
    later = fitting[2 * len(fitting) // 3 :]
    typed = [
        place
        for place in range(width)
        if (cells := [row[place] for row in later if row[place].strip()]) and sum(map(is_value, cells)) > len(cells) / 2
    ]
    for number, row in enumerate(rows):
        if number <= after or len(row) != width:
            continue
        given = [place for place in typed if row[place].strip()]
        if given and sum(is_value(row[place]) for place in given) > len(given) / 2:
            return number
    return len(rows)


def _directly_above(rows: Sequence[Sequence[str]], above: Sequence[int], width: int) -> list[int]:
    """Return the rows of the header region that can hold names or units: wide enough, next to the data."""
    found: list[int] = []
    for row in reversed(above):
        cells = [cell.strip() for cell in rows[row]]
        given = sum(map(bool, cells))
        if not given:
            if found:
                break
            continue
        if len(cells) < width - 1 or len(found) == _LEVELS or (given < 2 <= width and found):
            break
        found.insert(0, row)
    return found


def _levels(rows: Sequence[Sequence[str]], candidates: Sequence[int], width: int) -> list[int]:
    """Return the rows that make up the names: the lowest, and those above it that complete it."""
    if not candidates:
        raise NoHeader("only units stand above the data: the header must name the columns")
    levels = [candidates[-1]]
    for row in reversed(candidates[:-1]):
        upper, lower = [cell.strip() for cell in rows[row]], [cell.strip() for cell in rows[levels[0]]]
        if len(upper) < min(len(lower), width) or not _completes(upper, lower):
            break
        levels.insert(0, row)
    return levels


def _completes(upper: Sequence[str], lower: Sequence[str]) -> bool:
    """Return whether a row above another belongs to the names: it is needed, or is blank over the time."""
    given = [name for name in lower if name]
    if len(set(given)) < len(given) or len(given) < len(lower) / 2:
        return True
    times = [place for place, name in enumerate(lower) if _TIME_NAMES.fullmatch(name) and place < len(upper)]
    if upper[:1] and upper[0].endswith(":"):
        return False
    if times:
        over = [upper[place] for place in times]
        named = all(not name or _TIME_NAMES.fullmatch(name) for name in over)
        return named and sum(map(bool, upper)) >= 2
    return any(_TIME_NAMES.fullmatch(name) for name in upper) and sum(map(bool, upper)) >= len(upper) / 2


def _joined(levels: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the names of several rows as one: a blank in an upper row goes on with the name before it."""
    names = list(levels[-1])
    for level in reversed(levels[:-1]):
        going_on = ""
        for place, cell in enumerate(level):
            below = names[place]
            alone = bool(_TIME_NAMES.fullmatch(below)) and not cell
            going_on = cell or going_on
            if alone or not going_on or going_on == below:
                continue
            names[place] = f"{going_on} {below}".strip()
    return tuple(name.strip() for name in names)


def _fitted(cells: Sequence[str], width: int, data: Sequence[Sequence[str]]) -> list[str]:
    """Return header cells one for each data cell: row names and trailing separators have no name."""
    fitted = [" ".join(cell.split()) for cell in cells]
    if len(fitted) > width:
        if any(fitted[width:]):
            raise NoHeader(f"the header names {len(fitted)} columns, the rows have {width} cells")
        return fitted[:width]
    if fitted and fitted[0].startswith("#"):
        fitted[0] = fitted[0].lstrip("# ")
    short = width - len(fitted)
    if short == 0:
        return fitted
    trailing = all(not any(cell.strip() for cell in row[-short:]) for row in data if len(row) == width)
    return [*fitted, *[""] * short] if trailing else [*[""] * short, *fitted]


def _is_units(cells: Sequence[str]) -> bool:
    given = [cell.strip() for cell in cells if cell.strip()]
    return bool(given) and sum(map(is_unit, given)) > len(given) / 2
