"""Headers that every command over HTTP takes: its name, and the version it was made for."""

from typing import Annotated, Final

from fastapi import Header

LONGEST_COMMAND_ID: Final = 200
LONGEST_VERSION: Final = 300

IdempotencyKey = Annotated[
    str | None,
    Header(max_length=LONGEST_COMMAND_ID, description="Name of this command; the same again gets the first answer."),
]
IfMatch = Annotated[
    str | None,
    Header(max_length=LONGEST_VERSION, description="ETag of the state as you saw it; 412 when it has changed since."),
]


def entity_tag(position: str) -> str:
    """Return the ETag of a state whose newest version is the record at `position`."""
    return f'"{position}"'


def item_key(idempotency_key: str | None, place: int) -> str | None:
    """Return the name of one command among many that came under one key."""
    return None if idempotency_key is None else f"{idempotency_key}/{place}"


def version_named(if_match: str | None) -> str | None:
    """Return the version that an If-Match header names; `*`, or no header, names none."""
    if if_match is None or if_match.strip() == "*":
        return None
    return if_match.strip().removeprefix("W/").strip('"')
