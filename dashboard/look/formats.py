"""Numbers, times and durations as people read them. Times are in one zone, which the page names once."""

from datetime import datetime, timedelta
from typing import Final

from dashboard.look.zone import zone

NARROW: Final = "\u202f"
"""Narrow no-break space: between a number and its unit."""

MOST_DIGITS: Final = 4

UNKNOWN: Final = "–"

_DIGITS: Final = ((150.0, 0), (1.5, 1), (0.15, 2), (0.015, 3))


def number(value: float | None, unit: str = "", digits: int = 0) -> str:
    """Return `6.8 mm/s`, `288,000`, `−4`, or `–` when unknown."""
    if value is None:
        return UNKNOWN
    text = f"{value:,.{digits}f}".replace("-", "−")
    return f"{text}{NARROW}{unit}" if unit else text


def times(ratio: float | None, digits: int = 1) -> str:
    """Return `3.2 ×`: so many times the threshold. Just above it `1.03 ×`: 1.0 would read as not abnormal."""
    while ratio is not None and ratio > 1 and round(ratio, digits) == 1 and digits < MOST_DIGITS:
        digits += 1
    return number(ratio, "×", digits)


def digits_for(typical: float | None) -> int:
    """Return how many decimals a channel gets, so that about three figures are seen; fixed by its typical value."""
    size = abs(typical or 0.0)
    if size == 0.0:
        return 1
    return next((digits for least, digits in _DIGITS if size >= least), 4)


def clock(at: datetime | None, today: datetime | None = None) -> str:
    """Return `13:02:11`, or `21 Nov 13:02:11` when `today` is another day, with the year when that differs."""
    if at is None:
        return UNKNOWN
    at = at.astimezone(zone())
    if today is None or at.date() == today.astimezone(at.tzinfo).date():
        return f"{at:%H:%M:%S}"
    year = "" if at.year == today.year else f" {at.year}"
    return f"{at.day} {at:%b}{year} {at:%H:%M:%S}"


def from_to(starts_at: datetime, ends_at: datetime, today: datetime) -> str:
    """Return `13:02–13:04`, with the day where it is another one: `21 Nov 13:02–22 Nov 01:02`."""
    first, last = (clock(at, today).rpartition(":")[0] for at in (starts_at, ends_at))
    same_day = starts_at.astimezone(zone()).date() == ends_at.astimezone(zone()).date()
    return f"{first}–{last.rpartition(' ')[2] if same_day else last}"


def span(duration: timedelta | float) -> str:
    """Return `0.3 s`, `48 s`, `12 min 49 s`, `2 h 05 min`, `4 d 2 h`: at most two units."""
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
    seconds = max(seconds, 0.0)
    if seconds < 9.95:
        return f"{seconds:.1f}{NARROW}s"
    if seconds < 59.5:
        return f"{seconds:.0f}{NARROW}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}{NARROW}min {rest:02d}{NARROW}s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}{NARROW}h {minutes:02d}{NARROW}min"
    days, hours = divmod(hours, 24)
    return f"{days}{NARROW}d {hours}{NARROW}h"


def width(seconds: float) -> str:
    """Return a bucket's width in whole units: `2 min`, `20 min`, `1 h`, `4 d`."""
    days, rest = divmod(round(seconds), 86_400)
    if days and not rest:
        return f"{days}{NARROW}d"
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}{NARROW}h" if not rest else f"{round(seconds / 60)}{NARROW}min"


def many(count: int, one: str, several: str = "") -> str:
    """Return `1 sensor`, `40 sensors`."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def kind_name(kind: str) -> str:
    """Return a verdict's kind in words: `isolation forest`."""
    return kind.replace("_", " ")


def short_kind(kind: str) -> str:
    """Return a verdict's kind for a column: its last word."""
    return kind.rpartition("_")[2]
