"""Moments in addresses: ISO 8601 with a zone, within what the log can hold."""

from datetime import UTC, datetime
from re import compile as pattern
from typing import Final

from pydantic_core import PydanticCustomError

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)

_LOST_PLUS: Final = pattern(r"^\d{4}-\d{2}-\d{2}T[\d:.]+ \d{2}:?\d{2}$")


def parse_moment(text: object) -> datetime:
    """Return the moment in UTC.

    Raises:
        PydanticCustomError: it is none, has no zone, or lies outside 1970 to 2199; says what to write instead.
    """
    if isinstance(text, datetime):
        return text.astimezone(UTC)
    written = str(text)
    if _LOST_PLUS.match(written):
        raise PydanticCustomError("moment", f"{written!r}: a + in an address is read as a space; write it as %2B")
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise PydanticCustomError("moment", f"{written!r} is no moment: write 2026-11-28T10:00:00Z") from None
    if moment.tzinfo is None:
        raise PydanticCustomError("moment", f"{written!r} has no zone: write {written}Z for UTC")
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:  # the first and the last day that can be written, in another zone
        moment = LATEST
    if not EARLIEST <= moment < LATEST:
        raise PydanticCustomError("moment", f"{written!r} is not within 1970 to 2199")
    return moment
