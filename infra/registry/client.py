"""The schema registry over its Confluent-compatible HTTP interface (`/apis/ccompat/v7`)."""

from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import httpx

COMPATIBILITY: Final = "FULL_TRANSITIVE"
_TIMEOUT_S: Final = 30.0
_INVALID_OR_INCOMPATIBLE: Final = frozenset({HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY})


class RegistryNotReachable(ConnectionError):
    """The registry does not answer, or answers that it is out of order."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"the schema registry at {url} does not answer: {reason}. Is the stack up? telltale up")


class SchemaRefused(ValueError):
    """The registry refuses a schema as invalid, or as incompatible with an earlier version."""

    def __init__(self, subject: str, reason: str) -> None:
        super().__init__(f"the registry refuses {subject}: {reason}")
        self.subject = subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Where the registry keeps a schema."""

    id: int
    subject: str
    version: int


class RegistryClient:
    """One registry; close it after use, or use it in a `with`."""

    def __init__(self, url: str, *, timeout_s: float = _TIMEOUT_S) -> None:
        self._url = url
        self._http = httpx.Client(base_url=url, timeout=timeout_s, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def subjects(self) -> tuple[str, ...]:
        """Return the names of all subjects.

        Raises:
            RegistryNotReachable: the registry does not answer.
        """
        return tuple(self._ask("GET", "/subjects").json())

    def compatibility(self, subject: str | None = None) -> str | None:
        """Return the level of a subject, or the global one; None when the subject has none of its own.

        Raises:
            RegistryNotReachable: the registry does not answer.
        """
        answer = self._ask("GET", _config(subject), missing_ok=True)
        return None if answer.status_code == HTTPStatus.NOT_FOUND else str(answer.json()["compatibilityLevel"])

    def demand_compatibility(self, subject: str | None = None) -> None:
        """Set FULL_TRANSITIVE for a subject, or globally.

        Raises:
            RegistryNotReachable: the registry does not answer.
        """
        self._ask("PUT", _config(subject), {"compatibility": COMPATIBILITY})

    def text(self, schema_id: int) -> str | None:
        """Return what an id means to the registry, in the registry's own writing; None when it means nothing.

        Raises:
            RegistryNotReachable: the registry does not answer.
        """
        answer = self._ask("GET", f"/schemas/ids/{schema_id}", missing_ok=True)
        return None if answer.status_code == HTTPStatus.NOT_FOUND else str(answer.json()["schema"])

    def register(self, subject: str, text: str) -> Registration:
        """Register a schema; one that is registered already keeps its id and version.

        Raises:
            SchemaRefused: it is invalid or incompatible.
            RegistryNotReachable: the registry does not answer.
        """
        path = f"/subjects/{quote(subject, safe='')}"
        answer = self._ask("POST", f"{path}/versions", {"schema": text}, refusal_ok=True)
        if answer.status_code in _INVALID_OR_INCOMPATIBLE:
            raise SchemaRefused(subject, _message(answer))
        kept = self._ask("POST", path, {"schema": text}).json()
        return Registration(id=kept["id"], subject=subject, version=kept["version"])

    def allows(self, subject: str, text: str) -> bool:
        """Return whether a schema may follow the versions of a subject, without registering it.

        Raises:
            RegistryNotReachable: the registry does not answer.
        """
        path = f"/compatibility/subjects/{quote(subject, safe='')}/versions"
        answer = self._ask("POST", path, {"schema": text}, refusal_ok=True)
        return answer.status_code == HTTPStatus.OK and bool(answer.json()["is_compatible"])

    def _ask(
        self, method: str, path: str, body: Any = None, *, missing_ok: bool = False, refusal_ok: bool = False
    ) -> httpx.Response:
        try:
            answer = self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise RegistryNotReachable(self._url, str(error)) from error
        expected = (missing_ok and answer.status_code == HTTPStatus.NOT_FOUND) or (
            refusal_ok and answer.status_code in _INVALID_OR_INCOMPATIBLE
        )
        if not (answer.is_success or expected):
            raise RegistryNotReachable(self._url, f"{method} {path}: {answer.status_code} {_message(answer)}")
        return answer


def _config(subject: str | None) -> str:
    return "/config" if subject is None else f"/config/{quote(subject, safe='')}"


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:300]
