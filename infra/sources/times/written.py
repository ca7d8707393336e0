"""Dates as people and programs write them: any order, names of months, two-digit years, with or without a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from infra.sources.times.calendar import assemble
from infra.sources.times.parsed import AmbiguousDate, Parsed

_CLOCK: Final = (
    r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,:](?P<fraction>\d{1,9}))?)?"
    r"|-(?P<minute_b>\d{2})-(?P<second_b>\d{2})| ?(?P<bare>[AaPp]\.?[Mm]\.?))"
)
_ZONE: Final = r"\s*(?P<zone>[zZ]|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
_AFTER: Final = rf"(?:(?:\s*[T,;:_]\s*|\s+|-){_CLOCK}\s*(?P<half>[AaPp]\.?[Mm]\.?)?{_ZONE})?$"
_WEEKDAY: Final = r"^(?:[A-Za-zÀ-ÿ]{2,10}\.?,?\s+)?"
_NAME: Final = r"[A-Za-zÀ-ÿ]{3,10}"

_NUMBERS: Final = r"^(?P<a>\d{1,4})[./\- ](?P<b>\d{1,2})[./\- ](?P<c>\d{1,4})" + _AFTER
_NAMED: Final = _WEEKDAY + rf"(?P<a>\d{{1,4}})[./\- ]*(?P<b>{_NAME})\.?[./\-, ]*(?P<c>\d{{1,4}})" + _AFTER
_NAME_FIRST: Final = (
    rf"^(?:[A-Za-z]{{3,9}},?\s+)?(?P<b>{_NAME})\.?[ \-]+"
    r"(?P<a>\d{1,2})(?:,\s*|\s+|-)(?P<c>\d{4})" + _AFTER
)
_YEAR_LAST: Final = (
    rf"^(?:[A-Za-z]{{3,9}},?\s+)?(?P<b>{_NAME})\.?\s+(?P<a>\d{{1,2}}),?\s+{_CLOCK}{_ZONE}\s+(?P<c>\d{{4}})$"
)
_COMPACT: Final = (
    r"^(?P<year>(?:19|20)\d{2})(?P<month>0[1-9]|1[0-2])(?P<day>[0-2]\d|3[01])"
    r"(?:[T _-]?(?P<hour>[01]\d|2[0-4])"
    r"(?:(?P<minute>[0-5]\d)(?:(?P<second>[0-5]\d|60)(?:[.,]?(?P<fraction>\d{1,9}))?)?)?"
    rf"{_ZONE})?$"
)
_COMPACT_CLOCK: Final = r"^(?P<year>(?:19|20)\d{2})(?P<month>0[1-9]|1[0-2])(?P<day>[0-2]\d|3[01])" + _AFTER
_WEEK: Final = r"^(?P<year>\d{4})[- ]?W(?P<week>\d{1,2})(?:-?(?P<weekday>[1-7]))?" + _AFTER
_YEARDAY: Final = r"^(?P<year>\d{4})-(?P<yearday>\d{3})" + _AFTER

STANDING_ALONE: Final = (_COMPACT, _COMPACT_CLOCK, _WEEK, _YEARDAY)
"""Forms in which no part can be taken for another."""


class DateOrder(StrEnum):
    """Which part of a date comes first."""

    YEAR = "year"
    DAY = "day"
    MONTH = "month"


_PLACES: Final[Mapping[DateOrder, tuple[str, str, str]]] = MappingProxyType(
    {
        DateOrder.YEAR: ("year", "month", "day"),
        DateOrder.DAY: ("day", "month", "year"),
        DateOrder.MONTH: ("month", "day", "year"),
    }
)


@dataclass(frozen=True, slots=True)
class Written:
    """Dates written one way; `order` says what three numbers mean."""

    pattern: str
    order: DateOrder

    @property
    def flag(self) -> None:
        """A written date needs no --time-format."""

    def __str__(self) -> str:
        if self.pattern == _WEEK:
            return "ISO 8601 weeks"
        return {DateOrder.YEAR: "ISO 8601", DateOrder.DAY: "day first", DateOrder.MONTH: "month first"}[self.order]

    def parse(self, texts: pa.StringArray) -> Parsed:
        """Return what trimmed cells say; the forms that Arrow reads itself, which is quicker, go that way."""
        if self.pattern == _NUMBERS and self.order is DateOrder.YEAR and (quick := _by_arrow(texts)) is not None:
            return quick
        found = pc.extract_regex(texts, self.pattern)
        read = found.is_valid().to_numpy(zero_copy_only=False)
        groups = {name: pc.struct_field(found, name).fill_null("") for name in _group_names(found)}
        if not read.all():
            groups = {name: pc.if_else(pa.array(read), group, "") for name, group in groups.items()}
        return assemble(*self._named(groups, read))

    def _named(
        self, groups: dict[str, pa.StringArray], read: NDArray[np.bool_]
    ) -> tuple[dict[str, pa.StringArray], NDArray[np.bool_]]:
        """Return the groups under the names of their parts, and which cells are still of this form."""
        for name, other in (("minute", "minute_b"), ("second", "second_b"), ("half", "bare")):
            if other in groups:
                second = groups.pop(other)
                groups[name] = pc.if_else(pc.equal(second, ""), groups.get(name, second), second)
        if "a" not in groups:
            return groups, read
        order = self.order
        if self.pattern in (_NAMED, _NAME_FIRST, _YEAR_LAST):
            groups["month"] = groups.pop("b")
            first, last = groups.pop("a"), groups.pop("c")
            year_first = pc.equal(pc.utf8_length(first), 4)
            groups["year"] = pc.if_else(year_first, first, last)
            groups["day"] = pc.if_else(year_first, last, first)
        else:
            groups |= {part: groups.pop(place) for part, place in zip(_PLACES[order], "abc", strict=True)}
        sized = pc.is_in(pc.utf8_length(groups["year"]), pa.array([2, 4], pa.int32())).to_numpy(zero_copy_only=False)
        short = (pc.utf8_length(groups["day"]).to_numpy(zero_copy_only=False) <= 2) & (
            (pc.utf8_length(groups["month"]).to_numpy(zero_copy_only=False) <= 2) | (self.pattern != _NUMBERS)
        )
        return groups, read & sized & short


ISO: Final = Written(_NUMBERS, DateOrder.YEAR)


def candidates(texts: pa.StringArray) -> list[Written]:
    """Return the ways in which cells can be read as dates, the likely ones first; those that read nothing are left."""
    ways = [Written(pattern, DateOrder.DAY) for pattern in (_NAMED, _NAME_FIRST, _YEAR_LAST)]
    ways += [Written(_NUMBERS, order) for order in (DateOrder.YEAR, DateOrder.DAY, DateOrder.MONTH)]
    ways += [Written(pattern, DateOrder.YEAR) for pattern in STANDING_ALONE]
    return [way for way in ways if way.parse(texts).read.any()]


@dataclass(slots=True)
class OrderEvidence:
    """What the dates of a column say about their order; cells may come in any number of portions."""

    example: str = ""
    fits: dict[DateOrder, int] | None = None
    dotted: bool = False
    same: bool = True
    """Day and month are equal in every date so far, so that their order does not matter."""

    def take(self, texts: pa.StringArray) -> None:
        """Count how many cells each order can read."""
        parsed = {order: Written(_NUMBERS, order).parse(texts) for order in DateOrder}
        counts = {order: int(one.read.sum()) for order, one in parsed.items()}
        day, month = (parsed[order].microseconds for order in (DateOrder.DAY, DateOrder.MONTH))
        self.same = self.same and bool((day == month).all())
        if not self.example and len(texts):
            self.example = texts[0].as_py()
            self.dotted = "." in self.example.partition(" ")[0]
        before = self.fits or dict.fromkeys(DateOrder, 0)
        self.fits = {order: before[order] + counts[order] for order in DateOrder}

    @property
    def orders(self) -> tuple[DateOrder, ...]:
        """Return the orders that read the most cells: one when the column is clear."""
        fits = self.fits or {}
        most = max(fits.values(), default=0)
        best = tuple(order for order, count in fits.items() if count == most and count)
        # 10.3.2004 is written where the day comes first; no country writes 3.10.2004 for it.
        if DateOrder.YEAR not in best and DateOrder.DAY in best and (self.dotted or self.same):
            return (DateOrder.DAY,)
        return best

    def settled(self) -> DateOrder:
        """Return the order.

        Raises:
            AmbiguousDate: more than one order reads the column equally well.
        """
        orders: Sequence[DateOrder] = self.orders
        if len(orders) != 1:
            raise AmbiguousDate(self.example, [str(order) for order in orders])
        return orders[0]


def numbers_in(order: DateOrder) -> Written:
    """Return the form of dates made of three numbers in an order."""
    return Written(_NUMBERS, order)


def is_numbers(form: Written) -> bool:
    """Return whether a form's dates are three numbers, so that their order has to be known."""
    return form.pattern == _NUMBERS


def _group_names(found: pa.StructArray) -> list[str]:
    return [field.name for field in found.type]


def _by_arrow(texts: pa.StringArray) -> Parsed | None:
    """Return the moments when Arrow reads every cell, all of them with a zone or all without."""
    for kind, zoned in ((pa.timestamp("ns"), False), (pa.timestamp("ns", "UTC"), True)):
        try:
            moments = texts.cast(kind)
        except pa.ArrowInvalid:
            continue
        microseconds = moments.cast(pa.int64()).to_numpy(zero_copy_only=False) // 1000
        count = len(texts)
        return Parsed(microseconds, np.full(count, zoned), np.ones(count, np.bool_))
    return None
