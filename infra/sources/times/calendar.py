"""Parts of dates and times, as text, to microseconds since 1970."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from infra.sources.times.parsed import Parsed

_MONTHS: Final = (
    ("jan", "januar", "january", "janvier", "enero", "gennaio"),
    ("feb", "februar", "february", "février", "febrero", "febbraio", "fév"),
    ("mar", "märz", "march", "mrz", "mars", "marzo", "mär"),
    ("apr", "april", "avril", "abril", "aprile", "avr", "abr"),
    ("may", "mai", "mayo", "maggio", "mag"),
    ("jun", "juni", "june", "juin", "junio", "giugno", "giu"),
    ("jul", "juli", "july", "juillet", "julio", "luglio", "juil", "lug"),
    ("aug", "august", "août", "agosto", "aou", "ago"),
    ("sep", "september", "sept", "septembre", "septiembre", "settembre", "set"),
    ("oct", "oktober", "october", "okt", "octobre", "octubre", "ottobre", "ott"),
    ("nov", "november", "novembre", "noviembre"),
    ("dec", "dezember", "december", "dez", "décembre", "diciembre", "dic", "déc", "dicembre"),
)
MONTH_NUMBERS: Final[Mapping[str, int]] = {name: month for month, names in enumerate(_MONTHS, 1) for name in names}

CENTURY_TURNS: Final = 69
"""Two-digit years below it are of this century, others of the last: POSIX's rule for %y."""


def assemble(parts: Mapping[str, pa.StringArray], read: NDArray[np.bool_]) -> Parsed:
    """Return the moments that parts of the same cells name.

    parts: any of year, month, day, week, weekday, yearday, hour, minute, second, fraction, half, zone as text, "" where
    a cell lacks it. read: bool array (n,), which cells had the form at all.
    """
    count = len(read)
    numbers = {name: _number(parts.get(name), count, name=name, read=read) for name in _DEFAULTS}
    year = _full_years(parts.get("year"), numbers["year"], count)
    good = read & (year >= 1) & (year <= 9999)
    days, dated = _days(parts, numbers, np.where(good, year, 1970))
    hour, halved = _hours(parts.get("half"), numbers["hour"], count)
    good &= dated & halved & (hour <= 24) & (numbers["minute"] <= 59) & (numbers["second"] <= 60)
    good &= (hour < 24) | ((numbers["minute"] == 0) & (numbers["second"] == 0))
    seconds = (days * 24 + hour) * 3600 + numbers["minute"] * 60 + numbers["second"]
    offset_s, zoned = _offsets(parts.get("zone"), count)
    moments = (seconds - offset_s) * 1_000_000 + _fractions(parts.get("fraction"), count)
    return Parsed(np.where(good, moments, 0).astype(np.int64), zoned, good)


_DEFAULTS: Final = {
    "year": 0,
    "month": 1,
    "day": 1,
    "week": 0,
    "weekday": 1,
    "yearday": 0,
    "hour": 0,
    "minute": 0,
    "second": 0,
}


def _number(texts: pa.StringArray | None, count: int, *, name: str, read: NDArray[np.bool_]) -> NDArray[np.int64]:
    default = _DEFAULTS[name]
    if texts is None:
        return np.full(count, default, np.int64)
    if name == "month":
        texts = _month_numbers(texts)
    given = pc.match_substring_regex(texts, r"^\d{1,9}$")
    numbers = pc.if_else(given, texts, None).cast(pa.int64()).fill_null(default)
    array: NDArray[np.int64] = numbers.to_numpy(zero_copy_only=False).copy()
    wrong = read & ~_truth(given) & ~_truth(pc.equal(texts, ""))
    array[wrong] = -1_000_000  # no month of that name: outside every range below
    return array


def _month_numbers(texts: pa.StringArray) -> pa.StringArray:
    coded = texts.dictionary_encode()
    named = [str(MONTH_NUMBERS.get(text.lower().rstrip("."), text)) for text in coded.dictionary.to_pylist()]
    return pa.array(named, pa.string()).take(coded.indices)


def _full_years(texts: pa.StringArray | None, years: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    if texts is None:
        return np.full(count, 1900, np.int64)
    short = _truth(pc.equal(pc.utf8_length(texts), 2))
    return np.where(short, years + np.where(years < CENTURY_TURNS, 2000, 1900), years)


def _days(
    parts: Mapping[str, pa.StringArray], numbers: Mapping[str, NDArray[np.int64]], year: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return days since 1970 and which dates exist."""
    first = _first_days(year, np.ones_like(year))
    if "week" in parts:
        # Week 1 is the one with 4 January (ISO 8601); 1970 began on a Thursday, three days after a Monday.
        fourth = first + 3
        monday = fourth - (fourth + 3) % 7
        week, weekday = numbers["week"], numbers["weekday"]
        days = monday + (week - 1) * 7 + weekday - 1
        return days, (week >= 1) & (week <= 53) & (weekday >= 1) & (weekday <= 7)
    if "yearday" in parts:
        ordinal = numbers["yearday"]
        return first + ordinal - 1, (ordinal >= 1) & (ordinal <= 366)
    month, day = numbers["month"], numbers["day"]
    dated = (month >= 1) & (month <= 12) & (day >= 1)
    safe = np.where(dated, month, 1)
    begins = _first_days(year, safe)
    length = _first_days(np.where(safe == 12, year + 1, year), safe % 12 + 1) - begins
    return begins + day - 1, dated & (day <= length)


def _first_days(year: NDArray[np.int64], month: NDArray[np.int64]) -> NDArray[np.int64]:
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    return np.asarray(months.astype("datetime64[D]").astype(np.int64))


def _hours(
    half: pa.StringArray | None, hour: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the hour of the day, and which hours a clock of that kind shows."""
    if half is None:
        return hour, np.ones(count, np.bool_)
    first = pc.utf8_lower(pc.utf8_slice_codeunits(half, 0, 1))
    morning, afternoon = _truth(pc.equal(first, "a")), _truth(pc.equal(first, "p"))
    halved = morning | afternoon
    shift = np.where(afternoon & (hour < 12), 12, np.where(morning & (hour == 12), -12, 0))
    return hour + shift, ~halved | ((hour >= 0) & (hour <= 23))


def _fractions(texts: pa.StringArray | None, count: int) -> NDArray[np.int64]:
    if texts is None:
        return np.zeros(count, np.int64)
    padded = pc.utf8_slice_codeunits(pc.utf8_rpad(texts, 6, "0"), 0, 6)
    digits: NDArray[np.int64] = padded.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return digits


def _offsets(texts: pa.StringArray | None, count: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return seconds east of Greenwich, and which cells name them."""
    if texts is None:
        return np.zeros(count, np.int64), np.zeros(count, np.bool_)
    coded = texts.dictionary_encode()
    seconds = np.array([_offset_s(text) for text in coded.dictionary.to_pylist()], np.int64)
    named = np.array([text != "" for text in coded.dictionary.to_pylist()], np.bool_)
    places = coded.indices.to_numpy()
    return seconds[places], named[places]


def _offset_s(zone: str) -> int:
    if not zone or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if zone[0] == "-" else seconds


def _truth(flags: pa.BooleanArray) -> NDArray[np.bool_]:
    truth: NDArray[np.bool_] = flags.fill_null(False).to_numpy(zero_copy_only=False)
    return truth
