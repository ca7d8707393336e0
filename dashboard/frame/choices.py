"""What the reader has chosen in the bar above a page, and whether the data are from now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from dashboard.memory import now

RANGES: Final[Mapping[str, timedelta]] = {
    "15 min": timedelta(minutes=15),
    "1 h": timedelta(hours=1),
    "3 h": timedelta(hours=3),
    "24 h": timedelta(hours=24),
    "7 d": timedelta(days=7),
    "30 d": timedelta(days=30),
    "1 y": timedelta(days=365),
}
DEFAULT_RANGE: Final = "3 h"

BUCKETS_S: Final[Mapping[str, int]] = {
    "15 min": 60,
    "1 h": 60,
    "3 h": 120,
    "24 h": 1_200,
    "7 d": 7_200,
    "30 d": 28_800,
    "1 y": 345_600,
}
"""Width of a swimlane's cell by range: 15 to 92 cells, of 12 px at least in a wide window."""

ALL_MACHINES: Final = "all machines"


@dataclass(frozen=True, slots=True)
class Range:
    """A range of recorded_at: `starts_at` inclusive, `ends_at` exclusive."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What is asked for by the bar, which is in the address too."""

    reach: str = DEFAULT_RANGE
    machine: str | None = None
    until: datetime | None = None
    """End of the range, when it is not now: for data that were recorded long ago."""
    known_at: datetime | None = None
    """Only what the log knew by then; None: live."""
    known_now: bool = False
    """At an earlier time, but with what is known of it now."""
    stale: bool = False
    """The API does not answer; what is shown was remembered."""

    @property
    def moving(self) -> bool:
        """Return whether the page changes by itself."""
        return self.known_at is None and self.until is None

    @property
    def as_of(self) -> datetime | None:
        """Return the API's `as_of`."""
        return None if self.known_now else self.known_at

    @property
    def bucket_s(self) -> int:
        """Return the width of a swimlane's cell."""
        return BUCKETS_S[self.reach]

    @property
    def then(self) -> datetime | None:
        """Return the moment to mark: what became known after it is shown, and said to be later."""
        return self.known_at if self.known_now else None

    def range_now(self) -> Range:
        """Return the range as it is at this moment; what was known at an earlier time ends there."""
        moments = [moment for moment in (self.until, self.as_of) if moment is not None]
        ends_at = min(moments) if moments else now()
        return Range(ends_at - RANGES[self.reach], ends_at)

    def question(self, name: str, *parts: object) -> str:
        """Return the name under which an answer is remembered: all that was chosen, but not a live range's end."""
        chosen = (self.reach, self.machine, self.until, self.as_of, self.known_at)
        return "|".join(map(str, (name, *chosen, *parts)))


def parse_moment(text: str | None) -> datetime | None:
    """Return the moment an address names; None when it names none that can be understood."""
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def moment_text(moment: datetime) -> str:
    """Return a moment as addresses name it: `2026-11-22T12:52:00Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
