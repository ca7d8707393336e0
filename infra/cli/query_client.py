"""Questions from the command line to the query API."""

from collections.abc import Mapping
from typing import Any

import httpx

from infra.cli.command_client import detail_of, key_header
from infra.cli.output import CommandFailed
from infra.exit_codes import ExitCode
from infra.settings import Settings


def get_answer(settings: Settings, path: str, asked: Mapping[str, str | int]) -> Any:
    """Return the answer to one question.

    Raises:
        CommandFailed: the API refuses it, can't answer it now, or is not reachable.
    """
    url = f"{settings.api_url.rstrip('/')}{path}"
    try:
        response = httpx.get(url, params=dict(asked), headers=dict(key_header(settings)), timeout=60, trust_env=False)
    except httpx.TransportError as error:
        raise CommandFailed(
            f"the query API does not answer: {error or type(error).__name__}",
            url,
            "telltale up; telltale status shows what runs",
            ExitCode.NOT_REACHABLE,
        ) from error
    if response.is_server_error:
        raise CommandFailed(
            detail_of(response), url, "telltale up; telltale status shows what runs", ExitCode.NOT_REACHABLE
        )
    if not response.is_success:
        raise CommandFailed(detail_of(response), url, code=ExitCode.REFUSED)
    return response.json()
