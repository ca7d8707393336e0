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
    if not all(_is_part(part) for part in key):
        raise ParameterRefused("cursor: not one of ours; hand back next_cursor unchanged, or leave it out")
    if found != listing or (kinds is not None and [type(part) for part in key] != list(kinds)):
        raise ParameterRefused(f"cursor: belongs to another list than {listing}; leave it out to start anew")
    return tuple(key)


def _is_part(part: object) -> bool:
    """Return whether the database could hold it: half a character, NUL and numbers of more than 64 bits it can't."""
    if isinstance(part, int):
        return type(part) is int and -(2**63) <= part < 2**63
    return isinstance(part, str) and "\0" not in part and not any("\ud800" <= letter <= "\udfff" for letter in part)


def moment_in(part: Part) -> datetime:
    """Return the moment that a cursor's part of whole microseconds means.

    Raises:
        ParameterRefused: no moment of ours.
    """
    if not isinstance(part, int) or not 0 <= part <= _LAST_MOMENT_US:
        raise ParameterRefused("cursor: holds no moment; hand back next_cursor unchanged, or leave it out")
    return moment_of(part)
