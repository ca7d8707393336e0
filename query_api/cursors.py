"""Opaque cursors: the key of a page's last row, so the next page starts behind it whatever was added since."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from domain.readings import moment_of
from query_api.errors import ParameterRefused

Part = str | int
_LAST_MOMENT_US: Final = 7_258_118_400_000_000
"""Year 2200 in µs: no event is admitted behind it."""


def encode_cursor(listing: str, key: Sequence[Part]) -> str:
    """Return the cursor behind the row with this key in this listing."""
    text = json.dumps([listing, *key], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(listing: str, cursor: str | None, kinds: Sequence[type] | None = None) -> tuple[Part, ...] | None:
    """Return the key in a cursor, None for the first page; `kinds` are its parts' types, if fixed.

    Raises:
        ParameterRefused: it is not a cursor of this listing.
    """
    if cursor is None:
        return None
    try:
        found, *key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise ParameterRefused("cursor: not one of ours; hand back next_cursor unchanged, or leave it out") from error
    if found != listing or (kinds is not None and [type(part) for part in key] != list(kinds)):
        raise ParameterRefused(f"cursor: belongs to another list than {listing}; leave it out to start anew")
    if not all(_storable(part) for part in key):
        raise ParameterRefused("cursor: holds no key of ours; hand back next_cursor unchanged, or leave it out")
    return tuple(key)


def _storable(part: object) -> bool:
    """Return whether a part can be asked for: a text of whole characters without NUL, or a number of 64 bits."""
    if isinstance(part, str):
        return "\0" not in part and not any("\ud800" <= character <= "\udfff" for character in part)
    return isinstance(part, int) and not isinstance(part, bool) and abs(part) < 2**63


def moment_in(part: Part) -> datetime:
    """Return the moment that a cursor's part of whole microseconds means.

    Raises:
        ParameterRefused: no moment of ours.
    """
    if not isinstance(part, int) or not 0 <= part <= _LAST_MOMENT_US:
        raise ParameterRefused("cursor: holds no moment; hand back next_cursor unchanged, or leave it out")
    return moment_of(part)
