"""The command service as typed commands: what a page may change, it changes here. It never decides anything itself."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter, ValidationError

from dashboard.answers.incidents import Handled, ItemAnswer
from dashboard.answers.models import Reign
from dashboard.answers.promotions import Problem, Promoted

AnswerT = TypeVar("AnswerT")

_NONE: Final[Mapping[str, str]] = MappingProxyType({})

TIMEOUT: Final = httpx.Timeout(15.0, connect=1.0)
"""Commands are carried out one at a time: one that stores a large batch of readings may be before it."""


class CommandError(Exception):
    """Root of what can go wrong with a command."""


class NotReached(CommandError):
    """Nobody listens there, so nothing was changed."""


class NotConfirmed(CommandError):
    """Whether the log took it is not known; the same command under the same id is safe."""


class CommandRefused(CommandError):
    """A rule or a key forbids it; nothing was changed."""

    def __init__(self, status: int, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.status = status
        self.problem = problem


class CommandService:
    """Typed POSTs. Every method raises CommandError. May be shared by threads.

    `command_id` names the command: however often it is sent under one id, it is one event.
    """

    def __init__(self, url: str, *, key: str | None = None, transport: httpx.BaseTransport | None = None) -> None:
        headers = {"X-API-Key": key} if key else {}
        # trust_env: a proxy of the environment has no business between two processes of one installation.
        self._http = httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT, transport=transport, trust_env=False)

    def promote(self, model: str, *, because: str, command_id: str) -> Promoted:
        """Make a version champion of its line, if the gate lets it."""
        line, _, version = model.rpartition("/")
        return self._post(
            Promoted, _of_line(line, "promote"), {"version": int(version), "because": because}, command_id
        )

    def roll_back(self, line: str, *, because: str, command_id: str, leaves: Reign | None = None) -> Promoted:
        """Make the champion before champion again; refused when the promotion that it `leaves` is not the newest."""
        path = _of_line(line, "rollback")
        if leaves is None:
            return self._post(Promoted, path, {"because": because}, command_id)
        wish = {"because": because, "champion": leaves.model}
        return self._post(Promoted, path, wish, command_id, {"If-Match": f'"{leaves.position}"'})

    def handle_incident(
        self, incident_id: str, action: str, wish: Mapping[str, str], *, version: str, command_id: str, who: str = ""
    ) -> Handled:
        """Acknowledge, assign, comment, resolve or reopen; refused when the incident changed since `version`.

        `who`: the name that the person before the page has given; without one the key's name counts.
        """
        path = f"/incidents/{quote(incident_id, safe='')}/{action}"
        return self._post(Handled, path, wish, command_id, {"If-Match": f'"{version}"', **_named(who)})

    def handle_incidents(
        self, items: Sequence[Mapping[str, str]], *, command_id: str, who: str = ""
    ) -> tuple[ItemAnswer, ...]:
        """Carry out one action on each of many; the answers come in the same order."""
        return self._post(tuple[ItemAnswer, ...], "/incidents", items, command_id, _named(who))

    def _post(
        self, kind: type[AnswerT], path: str, wish: object, command_id: str, headers: Mapping[str, str] = _NONE
    ) -> AnswerT:
        try:
            response = self._http.post(path, json=wish, headers={"Idempotency-Key": command_id, **headers})
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise NotReached(str(error) or type(error).__name__) from error
        except httpx.HTTPError as error:
            raise NotConfirmed(str(error) or type(error).__name__) from error
        if response.is_server_error:
            raise NotConfirmed(_problem(response).detail)
        if not response.is_success:
            raise CommandRefused(response.status_code, _problem(response))
        try:
            return _read(kind, response.content)
        except ValidationError as error:
            raise NotConfirmed(f"POST {path}: this dashboard does not understand the answer ({error})") from error


def _named(who: str) -> Mapping[str, str]:
    return {"Telltale-As": quote(who)} if who else _NONE


def _of_line(line: str, what: str) -> str:
    return f"/models/{quote(line, safe='')}/{what}"


def _problem(response: httpx.Response) -> Problem:
    """Return the problem that is told, else the status."""
    try:
        return _read(Problem, response.content)
    except ValidationError:
        return Problem(detail=f"HTTP {response.status_code}")


def _read(kind: type[AnswerT], content: bytes) -> AnswerT:
    return TypeAdapter(kind).validate_json(content)
