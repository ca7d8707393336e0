"""The dashboard against the fake API over real HTTP, page by page without a browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard.connection import COMMANDS_KEY, COMMANDS_URL, KEY, URL
from tests.integration.dashboard.fake_api import Plant, serving

APP: Final = Path(dashboard.__file__).with_name("app.py")


@pytest.fixture
def plant() -> Plant:
    return Plant()


@pytest.fixture
def page(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """Return the dashboard as a reader opens it; not run yet."""
    with serving(plant) as url:
        monkeypatch.setenv(URL, url)
        monkeypatch.setenv(COMMANDS_URL, f"{url}/commands")
        for key in (KEY, COMMANDS_KEY):
            monkeypatch.delenv(key, raising=False)
        yield AppTest.from_file(APP, default_timeout=60)


@pytest.fixture
def explorer(page: AppTest) -> AppTest:
    """Return page Explorer; not run yet."""
    return page.run().switch_page("views/explorer.py")
