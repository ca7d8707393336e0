"""How a page gets at the API: address and key from the environment that started the dashboard."""

import os
from dataclasses import dataclass
from typing import Final

import streamlit as st

from dashboard.client import QueryApi
from dashboard.memory import Memory

URL: Final = "TELLTALE_API_URL"
KEY: Final = "TELLTALE_DASHBOARD_API_KEY"
DEFAULT_URL: Final = "http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True)
class Connection:
    """The API and what it last said."""

    api: QueryApi
    memory: Memory


def connect() -> Connection:
    """Return the connection that all readers share; made when the first page is opened."""
    return _connection(os.environ.get(URL) or DEFAULT_URL, os.environ.get(KEY) or None)


@st.cache_resource(show_spinner=False)
def _connection(url: str, key: str | None) -> Connection:
    return Connection(QueryApi(url, key=key), Memory())
