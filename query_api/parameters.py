"""Query parameters that several routes share."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import Query
from pydantic import BeforeValidator

from domain.positions import NotAPosition, Position
from query_api.errors import ParameterRefused
from query_api.moments import parse_moment

MOST_ROWS: Final = 1000
"""Largest page: answers stay below about 1 MB and 100 ms."""


Moment = Annotated[datetime, BeforeValidator(parse_moment)]
"""A moment with its zone, in UTC."""

Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="Rows of a page.")]
RowOffset = Annotated[int, Query(ge=0, le=100_000, description="Rows to pass over; cursors are faster.")]
Cursor = Annotated[str | None, Query(max_length=2000, description="next_cursor of the page before.")]
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


def require_order(starts_at: datetime | None, ends_at: datetime | None, *, names: tuple[str, str]) -> None:
    """Return when a range is one.

    Raises:
        ParameterRefused: its end is not after its start.
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
    if since >= until:
        raise ParameterRefused(f"from {since.isoformat()} is not before to {until.isoformat()}")
    return Span(since, until)
