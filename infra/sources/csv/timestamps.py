"""Columns of text to moments: epoch numbers, ISO 8601 and the date forms that people's programs write."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from infra.sources.csv.numbers import is_number, numbers_of

_ZONE: Final = r"(?:[zZ]|[+-]\d{2}:?\d{2}|[+-]\d{2})$"
_ISO_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].*)?")
_YEAR_FIRST: Final = re.compile(r"\d{4}[/.]\d{1,2}[/.]\d{1,2}(?:[T ].*)?")
_PARTS: Final = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2\d{4}(?:[T ].*)?")
_QUARTER_US: Final = 900 * 1_000_000
"""Zones change their offset at whole quarters of an hour, local time."""


class NoTimeFormat(ValueError):
    """The column's times can't be told; the message says why and what to say on the command line."""


class DateOrder(StrEnum):
    """Which part of a date comes first."""

    YEAR = "year"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """How a column writes moments: as numbers of `microseconds` each since 1970, or as dates in `order`."""

    microseconds: float | None
    order: DateOrder

    def __str__(self) -> str:
        units = {1e6: "seconds", 1e3: "milliseconds", 1.0: "microseconds", 1e-3: "nanoseconds"}
        if self.microseconds is not None:
            return f"{units[self.microseconds]} since 1970"
        return {DateOrder.YEAR: "ISO 8601", DateOrder.DAY: "day first", DateOrder.MONTH: "month first"}[self.order]


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments of a column.

    microseconds: int64 array (n,) since 1970 UTC; wrong: why rows have none, by row; twice: how many rows are in an
    hour that the clock shows twice.
    """

    microseconds: NDArray[np.int64]
    wrong: dict[int, str]
    twice: int


def time_format_of(sample: Sequence[str], *, order: DateOrder | None = None) -> TimeFormat:
    """Return the format of a column, told from some of its cells.

    Raises:
        NoTimeFormat: there is none that fits, or day and month can't be told apart.
    """
    if not sample:
        raise NoTimeFormat("the time column is empty")
    if sum(map(is_number, sample)) > len(sample) / 2:
        middle = float(np.median([abs(float(text.replace(",", "."))) for text in sample if is_number(text)]))
        # Seconds until the year 5138, milliseconds back to 1973, and so on.
        scale = next((scale for limit, scale in ((1e11, 1e6), (1e14, 1e3), (1e17, 1.0)) if middle < limit), 1e-3)
        return TimeFormat(scale, DateOrder.YEAR)
    if any(_ISO_DATE.fullmatch(text) or _YEAR_FIRST.fullmatch(text) for text in sample):
        return TimeFormat(None, DateOrder.YEAR)
    parts = [match for text in sample if (match := _PARTS.fullmatch(text))]
    if not parts:
        raise NoTimeFormat(
            f"{sample[0]!r} is no time that is understood: write seconds, milliseconds or microseconds since 1970, "
            "ISO 8601 such as 2026-03-09T10:14:33.250Z, or dates such as 09.03.2026 10:14:33"
        )
    return TimeFormat(None, order or _order(parts))


def _order(parts: Sequence[re.Match[str]]) -> DateOrder:
    if any(int(match[1]) > 12 for match in parts) or parts[0][2] == ".":
        return DateOrder.DAY
    if any(int(match[3]) > 12 for match in parts):
        return DateOrder.MONTH
    raise NoTimeFormat(f"{parts[0][0]!r}: day and month can't be told apart; say --date-order day or month")


def moments_of(texts: pa.StringArray, time_format: TimeFormat, zone: tzinfo = UTC) -> Moments:
    """Return the moments that cells name; those without a zone of their own are in `zone`."""
    texts = pc.utf8_trim_whitespace(texts)
    if time_format.microseconds is not None:
        return _epoch(texts, time_format.microseconds)
    iso = _as_iso(texts, time_format.order)
    zoned = _truth(pc.match_substring_regex(iso, r"\d{2}:\d{2}.*" + _ZONE))
    moments = np.zeros(len(texts), np.int64)
    read = np.zeros(len(texts), np.bool_)
    for mask, kind in ((zoned, pa.timestamp("ns", "UTC")), (~zoned, pa.timestamp("ns"))):
        if mask.any():
            moments[mask], read[mask] = _parsed(iso.filter(pa.array(mask)), kind)
    wrong = {int(row): f"{texts[int(row)].as_py()!r} is no time ({time_format})" for row in np.flatnonzero(~read)}
    local = np.flatnonzero(read & ~zoned)
    utc, missing, twice = _to_utc(moments[local], zone)
    moments[local] = utc
    wrong |= {int(row): f"{texts[int(row)].as_py()!r} does not exist in {zone}" for row in local[missing]}
    return Moments(moments, wrong, int(twice.sum()))


def _epoch(texts: pa.StringArray, scale: float) -> Moments:
    numbers = numbers_of(pc.replace_substring(texts, ",", "."))
    try:
        # Whole numbers stay exact; a float64 can't hold nanoseconds since 1970.
        exact = texts.cast(pa.int64()).to_numpy(zero_copy_only=False)
        moments = exact * int(scale) if scale >= 1 else exact // 1000
        return Moments(moments, {}, 0)
    except pa.ArrowInvalid:
        bad = np.isnan(numbers.values) | (np.abs(numbers.values * scale) > 2**62)
        moments = np.rint(np.where(bad, 0, numbers.values) * scale).astype(np.int64)
        return Moments(moments, {int(row): f"{texts[int(row)].as_py()!r} is no time" for row in np.flatnonzero(bad)}, 0)


def _as_iso(texts: pa.StringArray, order: DateOrder) -> pa.StringArray:
    """Return dates rewritten with the year first and two digits each; what does not fit stays as it is."""
    if order is DateOrder.YEAR:
        iso = pc.replace_substring_regex(texts, r"^(\d{4})[/.](\d{1,2})[/.](\d{1,2})", r"\1-\2-\3")
    else:
        swapped = r"\3-\2-\1" if order is DateOrder.DAY else r"\3-\1-\2"
        iso = pc.replace_substring_regex(texts, r"^(\d{1,2})[./-](\d{1,2})[./-](\d{4})", swapped)
    iso = pc.replace_substring_regex(iso, r"^(\d{4})-(\d)-", r"\1-0\2-")
    iso = pc.replace_substring_regex(iso, r"^(\d{4}-\d{2})-(\d)([T ]|$)", r"\1-0\2\3")
    iso = pc.replace_substring_regex(iso, r"[T ](\d):", r" 0\1:")
    iso = pc.replace_substring_regex(iso, r"(:\d{2}),(\d)", r"\1.\2")
    return pc.replace_substring_regex(iso, r"(\d)\s+([zZ]|[+-]\d{2}:?\d{2})$", r"\1\2")


_HALF_OF_DAY: Final = r"\s*([AaPp])\.?[Mm]\.?$"


def _parsed(iso: pa.StringArray, kind: pa.DataType) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return microseconds since 1970 and which cells could be read; local times count as if they were UTC."""
    halved = _truth(pc.match_substring_regex(iso, _HALF_OF_DAY))
    afternoon = _truth(pc.match_substring_regex(iso, r"[Pp]\.?[Mm]\.?$")) if halved.any() else halved
    if halved.any():
        iso = pc.replace_substring_regex(iso, _HALF_OF_DAY, "")
    read = _readable(iso, kind)
    moments = pc.if_else(pa.array(read), iso, None).cast(kind)
    microseconds = moments.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False) // 1000
    hour = microseconds // 3_600_000_000 % 24
    shift = np.where(afternoon & (hour < 12), 12, np.where(halved & ~afternoon & (hour == 12), -12, 0))
    return microseconds + shift * 3_600_000_000, read


def _readable(iso: pa.StringArray, kind: pa.DataType) -> NDArray[np.bool_]:
    """Return which cells Arrow reads as `kind`: all at once, or by halves around those that it does not."""
    try:
        iso.cast(kind)
    except pa.ArrowInvalid:
        if len(iso) == 1:
            return np.zeros(1, np.bool_)
        middle = len(iso) // 2
        return np.concatenate([_readable(iso.slice(0, middle), kind), _readable(iso.slice(middle), kind)])
    return np.ones(len(iso), np.bool_)


def _to_utc(
    local_us: NDArray[np.int64], zone: tzinfo
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return local times as UTC, those that the clock skips, and those it shows twice, of which the first is meant."""
    quarters, places = np.unique(local_us // _QUARTER_US, return_inverse=True)
    offsets = np.array([_offsets(int(quarter), zone) for quarter in quarters], np.int64).reshape(-1, 2)
    before, after = offsets[places, 0], offsets[places, 1]
    return local_us - before, before < after, before > after


def _offsets(quarter: int, zone: tzinfo) -> tuple[int, int]:
    """Return the zone's offset from UTC at a local time, in µs, as seen from before and from after a change."""
    try:
        local = datetime(1970, 1, 1) + timedelta(microseconds=quarter * _QUARTER_US)  # noqa: DTZ001 - local on purpose
    except OverflowError:
        return 0, 0
    offsets = [zone.utcoffset(local.replace(fold=fold)) or timedelta() for fold in (0, 1)]
    first, second = (offset // timedelta(microseconds=1) for offset in offsets)
    return first, second


def _truth(flags: pa.BooleanArray) -> NDArray[np.bool_]:
    truth: NDArray[np.bool_] = flags.to_numpy(zero_copy_only=False)
    return truth
