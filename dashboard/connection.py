"""How a page gets at the two services: addresses and keys from the environment that started the dashboard.

`telltale dashboard` fills these in from the settings, the keys from TELLTALE_API_KEYS; nobody sets them by hand.
"""

import os
from dataclasses import dataclass
from typing import Final

import streamlit as st

from dashboard.client import QueryApi
from dashboard.command_service import CommandService
from dashboard.memory import Memory

URL: Final = "TELLTALE_API_URL"
KEY: Final = "TELLTALE_DASHBOARD_READ_KEY"
COMMANDS_URL: Final = "TELLTALE_COMMANDS_URL"
COMMANDS_KEY: Final = "TELLTALE_DASHBOARD_OPERATE_KEY"
DEFAULT_URL: Final = "http://127.0.0.1:8000"
DEFAULT_COMMANDS_URL: Final = "http://127.0.0.1:8001"


@dataclass(frozen=True, slots=True)
class Connection:
    """The API and what it last said; and where commands go."""

    api: QueryApi
    memory: Memory
    commands: CommandService
    may_command: bool
    """Keys are not asked for, or there is one that may operate."""


def connect() -> Connection:
    """Return the connection that all readers share; made when the first page is opened."""
    return _connection(
        os.environ.get(URL) or DEFAULT_URL,
        os.environ.get(KEY) or None,
        os.environ.get(COMMANDS_URL) or DEFAULT_COMMANDS_URL,
        os.environ.get(COMMANDS_KEY) or None,
    )


@st.cache_resource(show_spinner=False)
def _connection(url: str, key: str | None, commands_url: str, commands_key: str | None) -> Connection:
    return Connection(
        api=QueryApi(url, key=key),
        memory=Memory(),
        commands=CommandService(commands_url, key=commands_key),
        may_command=commands_key is not None or key is None,
    )
