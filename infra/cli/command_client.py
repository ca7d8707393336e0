"""Commands from the command line to the command service."""

from collections.abc import Mapping
from http import HTTPStatus
from time import monotonic, sleep
from typing import Any, Final
from uuid import uuid4

import httpx

from infra.cli.output import CommandFailed
from infra.exit_codes import ExitCode
from infra.http.keys import parse_keys
from infra.settings import Scope, Settings

PATIENCE_S: Final = 15.0
"""A service that is being restarted answers again within seconds; the same command again is safe."""

_PAUSE_S: Final = 0.5
_AGAIN: Final = frozenset({HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})


def post_command(settings: Settings, path: str, body: Mapping[str, object]) -> Any:
    """Return the answer to one command; asked again under one Idempotency-Key while the service can't answer.

    Raises:
        CommandFailed: a rule refused it, the key may not, or the service is not reachable.
    """
    url = f"{settings.commands_url.rstrip('/')}{path}"
    headers = {"Idempotency-Key": str(uuid4()), **key_header(settings)}
    started = monotonic()
    while True:
        try:
            response = httpx.post(url, json=dict(body), headers=headers, timeout=60)
            reason = detail_of(response)
        except httpx.TransportError as error:
            response, reason = None, str(error) or type(error).__name__
        if response is not None and response.is_success:
            return response.json()
        if response is not None and response.status_code not in _AGAIN:
            raise CommandFailed(reason, url, code=ExitCode.REFUSED)
        if monotonic() - started > PATIENCE_S:
            raise CommandFailed(
                f"the command service did not take it: {reason}",
                url,
                "telltale up; telltale status shows what runs",
                ExitCode.NOT_REACHABLE,
            )
        sleep(_PAUSE_S)


def key_header(settings: Settings) -> Mapping[str, str]:
    """Return the header with the widest of the configured keys: whoever can read them may use them."""
    keys = parse_keys(settings.api_keys.get_secret_value())
    ranks = list(Scope)
    widest = max(keys, key=lambda key: ranks.index(key.scope), default=None)
    return {} if widest is None else {"X-API-Key": widest.secret}


def detail_of(response: httpx.Response) -> str:
    """Return why the service said no: the problem's detail, else the status."""
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {response.status_code}"
