"""Query parameters that several routes share."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import Query
from pydantic import AfterValidator, BeforeValidator

from domain.admission import EARLIEST, LATEST
from domain.positions import NotAPosition, Position
from query_api.errors import ParameterRefused

MOST_ROWS: Final = 1000
"""Largest page: answers stay below about 1 MB and 100 ms."""


_WRITTEN: Final = re.compile(r"(\d{4})-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(?P<zone>[Zz]|[+ -]\d\d(:?\d\d)?)?")


def _as_written(told: object) -> object:
    """Refuse what is no moment with a zone, or lies where no reading can, before anything is calculated with it."""
    if not isinstance(told, str):
        return told
    found = _WRITTEN.fullmatch(told)
    if found is None:
        raise ValueError("write a moment like 2026-11-22T13:02:11Z")
    if not EARLIEST.year <= int(found[1]) < LATEST.year:
        raise ValueError(f"must lie within {EARLIEST.year} to {LATEST.year - 1}")
    match found["zone"]:
        case None:
            raise ValueError("has no zone: add Z for UTC, or one such as %2B02:00")
        case zone if zone.startswith(" "):
            raise ValueError("holds a space where + was meant: write + as %2B in an address")
    return told


def _in_utc(moment: datetime) -> datetime:
    utc = moment.astimezone(UTC)
    if not EARLIEST <= utc < LATEST:
        raise ValueError(f"must lie within {EARLIEST.year} to {LATEST.year - 1}")
    return utc


Moment = Annotated[datetime, BeforeValidator(_as_written), AfterValidator(_in_utc)]
"""A moment with its zone, in UTC."""

Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="Rows of a page.")]
Cursor = Annotated[
    str | None, Query(max_length=2000, pattern=r"^[A-Za-z0-9_-]+$", description="next_cursor of the page before.")
]
MachineId = Annotated[str | None, Query(max_length=200, description="Only this machine.")]
SensorId = Annotated[str | None, Query(max_length=200, description="Only this sensor.")]
From = Annotated[Moment | None, Query(alias="from", description="First recorded_at, inclusive.")]
To = Annotated[Moment | None, Query(alias="to", description="Last recorded_at, exclusive.")]


def parse_positions(text: str | None, *, told_in: str) -> tuple[Position, ...]:
    """Return the positions of a comma-joined list.

    Raises:
        ParameterRefused: a part is not topic/partition/offset.
    """
    try:
        return tuple(Position.parse(part.strip()) for part in text.split(",")) if text else ()
    except NotAPosition as error:
        raise ParameterRefused(f"{told_in}: {error}") from error


def require_order(
    starts_at: datetime | None, ends_at: datetime | None, *, names: tuple[str, str] = ("from", "to")
) -> None:
    """Refuse a range that ends before it begins.

    Raises:
        ParameterRefused: it does.
    """
    if starts_at is not None and ends_at is not None and starts_at >= ends_at:
        raise ParameterRefused(f"{names[0]} {starts_at.isoformat()} is not before {names[1]} {ends_at.isoformat()}")


@dataclass(frozen=True, slots=True)
class Span:
    """A time range of recorded_at: `starts_at` inclusive, `ends_at` exclusive."""

    starts_at: datetime
    ends_at: datetime

    @property
    def seconds(self) -> float:
        """Return its length."""
        return (self.ends_at - self.starts_at).total_seconds()


def span_of(starts_at: datetime | None, ends_at: datetime | None, *, newest: datetime, default: timedelta) -> Span:
    """Return the range asked for; a missing end lies just behind the newest data, a missing start `default` before.

    Raises:
        ParameterRefused: `from` is not before `to`.
    """
    until = ends_at or newest + timedelta(seconds=1)
    since = starts_at or until - default
    require_order(since, until)
    return Span(since, until)
