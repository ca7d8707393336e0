"""The name that a person gives for herself: written beside what she did, never taken for proof of who she is."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import unquote

from fastapi import Depends, Header

from infra.http.keys import WITHOUT_KEYS
from infra.http.problems import Refusal

LONGEST_NAME: Final = 80


class NameRefused(ValueError):
    """A name is empty, too long or holds characters that can't be shown."""


GivenName = Annotated[
    str | None,
    Header(
        alias="Telltale-As",
        max_length=3 * 4 * LONGEST_NAME,
        description="Who acts, percent-encoded UTF-8; the log says `anna (unverified)`, and which key it came with.",
    ),
]


def in_the_name_given(actor: Callable[..., str]) -> Callable[..., str]:
    """Return a dependency like `actor`, whose name of the key stands behind the name that was given, if one was."""

    def named(key: Annotated[str, Depends(actor)], given: GivenName = None) -> str:
        if given is None:
            return key
        behind = "unverified" if key == WITHOUT_KEYS else f"unverified, key {key}"
        return f"{_readable(unquote(given))} ({behind})"

    return named


def _readable(name: str) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise NameRefused(f"Telltale-As: a name has 1 to {LONGEST_NAME} characters that can be shown.")
    return name


def name_refused(error: Exception) -> Refusal:
    """Return how a NameRefused is told over HTTP."""
    return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
