"""Which columns hold the time."""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from infra.sources.csv.numbers import PLAIN, is_number, numbers_of
from infra.sources.files.table import Table
from infra.sources.times.counted import Epoch
from infra.sources.times.identify import time_form_of
from infra.sources.times.moments import Plausible
from infra.sources.times.parsed import AmbiguousDate, NoTimeForm
from infra.sources.times.written import DateOrder

TimeColumns = tuple[str, ...]

_NAME: Final = re.compile(
    r"(?i)(?:.*[^a-z])?(?:time|timestamp|date|datetime|zeit|zeitstempel|datum|uhrzeit|ts|heure|fecha|hora|horodatage|t|epoch)(?:[^a-z].*)?"
)
_TIME_OF_DAY: Final = re.compile(r"\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp]\.?[Mm]\.?)?")
_PROBED: Final = 200


class WhichTime(NoTimeForm):
    """No column, or more than one, can be the time; the message says what to say on the command line."""


def find_time(table: Table, said: str | None, *, plausible: Plausible, every: bool) -> TimeColumns:
    """Return the columns of the time: those that a person named, else the one that holds times.

    Raises:
        WhichTime: there is none, or there are several.
    """
    if said is not None:
        parts = tuple(part.strip() for part in said.split("+"))
        return parts if said not in table.columns and len(parts) > 1 else (said,)
    if every:
        return ()
    if table.times is not None:
        return (table.times,)
    holding = [
        name for name in table.columns if name not in table.not_measured and _holds_times(table, name, plausible)
    ]
    days = [name for name in holding if _are_days(table, name)]
    clocks = [name for name in table.columns if _is_clock(table, name)]
    if len(clocks) == 1 and len(days) == 1 and len(holding) == 1:
        return (days[0], clocks[0])
    if len(holding) > 1:
        holding = [name for name in holding if _NAME.fullmatch(name)] or holding
    if len(holding) == 1:
        return (holding[0],)
    if not holding:
        named = [name for name in table.columns if _NAME.fullmatch(name)]
        if len(named) == 1:
            return (named[0],)
        raise WhichTime(
            f"{table.path}: no column holds times; its columns are {', '.join(table.columns)}. Say --time COLUMN, "
            "or --start 2026-03-09T10:00:00Z --every 1s when its rows follow each other evenly"
        )
    raise WhichTime(f"{table.path}: {' and '.join(holding)} hold times: say --time {' or --time '.join(holding)}")


def joined(cells: Sequence[Sequence[str]]) -> list[str]:
    """Return the cells of each row joined by a blank."""
    return [" ".join(part.strip() for part in row).strip() for row in cells]


def _holds_times(table: Table, column: str, plausible: Plausible) -> bool:
    sample = table.sample_of(column)[:_PROBED]
    if not sample:
        return False
    counted = all(map(is_number, sample)) and not _NAME.fullmatch(column)
    if counted and not _is_epoch(sample, table.decimal, plausible):
        return False
    try:
        form = time_form_of(sample, latest_s=plausible.latest_s)
    except AmbiguousDate:
        form = time_form_of(sample, latest_s=plausible.latest_s, order=DateOrder.DAY)
    except NoTimeForm:
        return False
    parsed = form.parse(pa.array(sample, pa.string()))
    if isinstance(form, Epoch) and plausible.refused(parsed.microseconds).any():
        return False
    return bool(2 * parsed.read.sum() > len(sample))


def _is_epoch(sample: Sequence[str], decimal: str, plausible: Plausible) -> bool:
    """Return whether numbers under any name can only be times: whole seconds or finer since 1970, never falling."""
    numbers = numbers_of(pa.array(sample, pa.string()), PLAIN.with_decimal(decimal)).values
    rising = bool((numbers >= 9.4e8).all() and (np.diff(numbers) >= 0).all())
    return len(numbers) > 1 and rising and plausible.latest_s > 0


def _are_days(table: Table, column: str) -> bool:
    return not any(":" in text or re.search(r"\d[T ]\d", text) for text in table.sample_of(column)[:_PROBED])


def _is_clock(table: Table, column: str) -> bool:
    sample = table.sample_of(column)[:_PROBED]
    return bool(sample) and bool(_NAME.fullmatch(column)) and all(map(_TIME_OF_DAY.fullmatch, sample))
