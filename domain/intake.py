"""What intake asks of a reading beyond admission: rules that may grow, since no replay applies them.

Admission decides about records that lie in the log already, so it can never become stricter; what a sender offers
now can still be sent back.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from domain.admission import ReadingRefused

FIRST_LIKELY: Final = datetime(2000, 1, 1, tzinfo=UTC)
FARTHEST_AHEAD: Final = timedelta(hours=24)
"""A clock that lost its battery says 1970; one that is a day ahead has the wrong date or zone."""

CLOCK_AHEAD: Final = timedelta(minutes=5)
"""A reading that is farther ahead of the log's clock is stored and not judged."""


def require_plain_texts(texts: Mapping[str, str | None]) -> None:
    """Return when no text holds control characters or halves of characters.

    Raises:
        ReadingRefused: one does; names it and the character.
    """
    for field, text in texts.items():
        for character in text or "":
            if ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 or 0xD800 <= ord(character) <= 0xDFFF:
                raise ReadingRefused(field, f"contains the control character U+{ord(character):04X}")


def require_likely_time(recorded_at: datetime, *, now: datetime) -> None:
    """Return when a reading can have been recorded then.

    Raises:
        ReadingRefused: it is of before 2000 or more than a day ahead; says how to send it all the same.
    """
    if recorded_at < FIRST_LIKELY:
        raise ReadingRefused(
            "recorded_at",
            f"{recorded_at.isoformat()} is before 2000: a clock that was never set? any_time=true takes it",
        )
    if recorded_at > now + FARTHEST_AHEAD:
        ahead = recorded_at - now
        raise ReadingRefused(
            "recorded_at",
            f"{recorded_at.isoformat()} is {ahead.days} days ahead: a wrong clock? any_time=true takes it",
        )
