"""Which form a column's times are written in, told from its cells and from what a person said."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from domain.readings import microseconds
from infra.sources.csv.numbers import is_number
from infra.sources.times.counted import EPOCHS, Epoch, ExcelDays
from infra.sources.times.parsed import NoTimeForm, TimeForm
from infra.sources.times.strptime import by_pattern
from infra.sources.times.written import (
    STANDING_ALONE,
    DateOrder,
    OrderEvidence,
    Written,
    candidates,
    is_numbers,
    numbers_in,
)

EARLIEST_S: Final = 946_684_800
"""2000-01-01: readings from before it are hardly ever what the file means."""

_MOST_SAMPLED: Final = 2_000
_TIME_ALONE: Final = r"^\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp]\.?[Mm]\.?)?$"


def time_form_of(
    sample: Sequence[str],
    *,
    latest_s: float,
    said: str | None = None,
    order: DateOrder | None = None,
    start: datetime | None = None,
    whole: Callable[[], Iterable[pa.StringArray]] | None = None,
) -> TimeForm:
    """Return the form of a column's cells.

    latest_s: the latest moment that a reading may have, seconds since 1970. said: what `--time-format` says. start: the
    moment that numbers count from. whole: gives all of the column's cells, asked only when the sample can't tell day
    from month.

    Raises:
        NoTimeForm: there is none that fits, or the cells can't tell which of several.
    """
    texts = pa.array([text.strip() for text in sample[:_MOST_SAMPLED] if text.strip()], pa.string())
    if start is not None:
        return _from_start(texts, start, said)
    if said is not None:
        return _as_said(said)
    if not len(texts):
        raise NoTimeForm("the time column is empty")
    if sum(map(is_number, texts.to_pylist())) > len(texts) / 2:
        return _counted(texts, latest_s)
    return _written(texts, order, whole)


def _as_said(said: str) -> TimeForm:
    if said in EPOCHS:
        return Epoch(said)
    if said == "excel":
        return ExcelDays()
    if "%" in said:
        return by_pattern(said)
    raise NoTimeForm(
        f"--time-format {said!r}: write {', '.join(EPOCHS)}, excel, or a pattern such as %d.%m.%Y %H:%M:%S"
    )


def _from_start(texts: pa.StringArray, start: datetime, said: str | None) -> TimeForm:
    unit = said or "s"
    if unit not in EPOCHS:
        raise NoTimeForm(f"--start counts numbers: --time-format {', '.join(EPOCHS)}, not {unit!r}")
    if len(texts) and not any(map(is_number, texts.to_pylist())):
        raise NoTimeForm(f"--start needs a column of numbers that count from it; {texts[0].as_py()!r} is none")
    return Epoch(unit, start_us=microseconds(start))


def _counted(texts: pa.StringArray, latest_s: float) -> TimeForm:
    compact = Written(STANDING_ALONE[0], DateOrder.YEAR)
    if 2 * compact.parse(texts).read.sum() > len(texts) and int(pc.min(pc.utf8_length(texts)).as_py()) in (
        8,
        12,
        14,
        17,
    ):
        return compact
    middle = float(np.median([abs(float(text.replace(",", "."))) for text in texts.to_pylist() if is_number(text)]))
    for unit, (scale, _) in EPOCHS.items():
        if EARLIEST_S <= middle * scale / 1e6 <= latest_s:
            return Epoch(unit)
    # None lands where it should; by their size: seconds until the year 5138, milliseconds back to 1973, and so on.
    return Epoch(next((unit for limit, unit in ((1e11, "s"), (1e14, "ms"), (1e17, "us")) if middle < limit), "ns"))


def _written(
    texts: pa.StringArray, order: DateOrder | None, whole: Callable[[], Iterable[pa.StringArray]] | None
) -> TimeForm:
    ways = candidates(texts)
    reads = {way: int(way.parse(texts).read.sum()) for way in ways}
    best = max(reads.values(), default=0)
    if not best:
        raise NoTimeForm(_not_understood(texts))
    likely = [way for way in ways if reads[way] == best]
    if not all(map(is_numbers, likely)):
        return next(way for way in likely if not is_numbers(way))
    if order is not None:
        return numbers_in(order)
    if len(likely) == 1 and likely[0].order is DateOrder.YEAR:
        return likely[0]
    evidence = OrderEvidence()
    evidence.take(texts)
    if len(evidence.orders) != 1 and whole is not None:
        for portion in whole():
            evidence.take(pc.utf8_trim_whitespace(portion))
    return numbers_in(evidence.settled())


def _not_understood(texts: pa.StringArray) -> str:
    first = texts[0].as_py()
    if pc.match_substring_regex(texts, _TIME_ALONE)[0].as_py():
        return f"{first!r} is a time of day without a date: name both columns, as in --time Date+Time"
    return (
        f"{first!r} is no time that is understood: say --time-format %d.%m.%Y … with the parts in their places, or "
        f"{', '.join(EPOCHS)} or excel for numbers"
    )
