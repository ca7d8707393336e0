"""API keys: who asks, and what they may do. Without configured keys everybody on this machine may do everything."""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends
from fastapi.security import APIKeyHeader
from pydantic import SecretStr

from infra.http.problems import Refusal
from infra.settings import Scope

WITHOUT_KEYS: Final = "local"
"""Actor when no keys are configured."""

_RANK: Final = {scope: rank for rank, scope in enumerate(Scope)}
_HEADER: Final = APIKeyHeader(name="X-API-Key", auto_error=False, description="Needed when keys are configured.")


class ApiKeysRefused(ValueError):
    """The setting TELLTALE_API_KEYS can't be understood."""


class KeyRefused(Exception):
    """The request's key does not open this route."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A named key; its scope includes the ones before."""

    name: str
    scope: Scope
    secret: str = field(repr=False)


def parse_keys(text: str) -> tuple[ApiKey, ...]:
    """Return the keys of name:scope:key entries joined by commas.

    Raises:
        ApiKeysRefused: an entry is not of that form, or a name or key is there twice.
    """
    keys = tuple(_parse_key(entry.strip(), place) for place, entry in enumerate(text.split(","), 1) if entry.strip())
    for what, values in (("name", [key.name for key in keys]), ("key", [key.secret for key in keys])):
        if len(set(values)) < len(values):
            raise ApiKeysRefused(f"TELLTALE_API_KEYS: the same {what} is there twice")
    return keys


def _parse_key(entry: str, place: int) -> ApiKey:
    name, _, rest = entry.partition(":")
    scope, _, secret = rest.partition(":")
    if not (name and secret and scope in set(Scope)):
        # The entry itself is not shown: it holds a secret.
        raise ApiKeysRefused(
            f"TELLTALE_API_KEYS: entry {place} is not name:scope:key with scope {', '.join(Scope)}, such as ada:read:…"
        )
    return ApiKey(name, Scope(scope), secret)


class KeyGuard:
    """Checks the header X-API-Key."""

    def __init__(self, keys: Sequence[ApiKey]) -> None:
        self._keys = tuple((key, _digest(key.secret)) for key in keys)

    def requires(self, scope: Scope) -> Callable[..., str]:
        """Return a FastAPI dependency that gives the actor's name, or refuses whoever lacks `scope`."""

        def actor(key: Annotated[str | None, Depends(_HEADER)] = None) -> str:
            return self.check(key, scope)

        return actor

    def check(self, key: str | None, scope: Scope) -> str:
        """Return the name of the key's bearer.

        Raises:
            KeyRefused: there is no key, it is not known (401), or it may not do this (403).
        """
        if not self._keys:
            return WITHOUT_KEYS
        if not key:
            raise KeyRefused(HTTPStatus.UNAUTHORIZED, "This needs a key: send it in the header X-API-Key.")
        given = _digest(key)
        # Every key is compared, each in constant time, so that the time taken tells nothing about any of them.
        found = [known for known, digest in self._keys if hmac.compare_digest(given, digest)]
        if not found:
            raise KeyRefused(HTTPStatus.UNAUTHORIZED, "The key in X-API-Key is not one of those in TELLTALE_API_KEYS.")
        if _RANK[found[0].scope] < _RANK[scope]:
            raise KeyRefused(
                HTTPStatus.FORBIDDEN, f"Key {found[0].name} may {found[0].scope}; this needs a key that may {scope}."
            )
        return found[0].name


def guard_of(configured: SecretStr) -> KeyGuard:
    """Return the guard of the keys in setting TELLTALE_API_KEYS.

    Raises:
        ApiKeysRefused: the setting can't be understood.
    """
    return KeyGuard(parse_keys(configured.get_secret_value()))


def key_refusal(error: Exception) -> Refusal:
    """Return how a KeyRefused is told over HTTP."""
    assert isinstance(error, KeyRefused)  # noqa: S101 - registered for this class
    headers = {"WWW-Authenticate": 'ApiKey header="X-API-Key"'} if error.status == HTTPStatus.UNAUTHORIZED else {}
    return Refusal(error.status, str(error), headers)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
