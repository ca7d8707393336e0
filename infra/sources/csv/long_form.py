"""Tables with a row per channel: recognised by the names of their columns, or as a person says."""

import re
from collections.abc import Sequence
from typing import Final

from infra.sources.csv.numbers import is_missing, is_number
from infra.sources.files.opening import NotATable
from infra.sources.files.table import LongForm

_NAMES: Final = re.compile(
    r"(?i)_field|tag(?:[ _]?name)?|name|point(?:[ _]?name)?|channel|variable|parameter|signal|metric|measurement"
    r"|attribute|messstelle|kanal|series|item|tag[ _]?id|field|property"
)
_VALUES: Final = re.compile(r"(?i)_value|value|val|wert|messwert|reading|valeur|valor|pv|vvalue|result")
_UNITS: Final = re.compile(r"(?i)units?|uom|eu|eng(?:ineering)?[ _]?units?|einheit")
_QUALITY: Final = re.compile(r"(?i)quality|status|state|qual|opcquality|validity|good|questionable")

GOOD: Final = frozenset({"good", "ok", "valid", "true", "192", "0", "1", "", "g", "normal", "raw"})
"""Texts of a column of quality, in lower case, with which a value counts; with any other it was not measured."""


def long_form_in(header: Sequence[str], sample: Sequence[Sequence[str]]) -> LongForm | None:
    """Return the columns of a table that has a row per channel; None when it is not plainly one."""
    names = [name for name in header if name and _NAMES.fullmatch(name)]
    values = [name for name in header if name and _VALUES.fullmatch(name)]
    if "_value" in values:
        values = ["_value"]
    if not names or len(values) != 1:
        return None
    (value,) = values
    cells = _column(header, sample, value)
    if not any(map(is_number, cells)):
        return None
    naming = [name for name in names if _names_channels(_column(header, sample, name))]
    if not naming:
        return None
    others = set(header) - {*naming, value}
    return LongForm(
        name=min(naming, key=lambda one: 0 if one == "_field" else 1),
        value=value,
        unit=next((one for one in others if one and _UNITS.fullmatch(one)), None),
        quality=_quality(header, sample, others),
    )


def long_form_of(text: str, header: Sequence[str], sample: Sequence[Sequence[str]]) -> LongForm:
    """Return what `--long "name=TAG value=VALUE"` says.

    Raises:
        NotATable: a part is missing, or the table has no such column.
    """
    parts = dict(re.findall(r"(name|value|unit|quality)=(.+?)(?=[\s,]+(?:name|value|unit|quality)=|$)", text.strip()))
    if not {"name", "value"} <= set(parts):
        raise NotATable(f"--long {text!r}: write --long name=COLUMN value=COLUMN, with unit=COLUMN if there is one")
    columns = {part: column.strip().strip("\"'") for part, column in parts.items()}
    for column in columns.values():
        if column not in header:
            raise NotATable(f"--long {text!r}: there is no column {column!r}; the columns are {', '.join(header)}")
    others = set(header) - set(columns.values())
    return LongForm(
        name=columns["name"],
        value=columns["value"],
        unit=columns.get("unit"),
        quality=columns.get("quality", _quality(header, sample, others)),
    )


def _names_channels(cells: Sequence[str]) -> bool:
    return bool(cells) and not any(map(is_number, cells)) and len(set(cells)) <= max(1, len(cells) // 2 + 1)


def _quality(header: Sequence[str], sample: Sequence[Sequence[str]], others: set[str]) -> str | None:
    """Return the column whose texts say whether a value is good."""
    for name in header:
        if name in others and _QUALITY.fullmatch(name):
            cells = {cell.lower() for cell in _column(header, sample, name)}
            if cells & {"good", "ok", "valid", "bad", "192"} or all(is_missing(cell) for cell in cells):
                return name
    return None


def _column(header: Sequence[str], sample: Sequence[Sequence[str]], name: str) -> list[str]:
    place = header.index(name)
    return [row[place].strip() for row in sample if row[place].strip()]
