"""What every page says about the API and the read models behind it."""

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.connection import URL
from tests.integration.dashboard.conftest import APP
from tests.integration.dashboard.fake_api import Plant, Scenario
from tests.integration.dashboard.reading import charts, run_until, words


@pytest.fixture
def lonely_page(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """Return a dashboard whose API has never been there."""
    monkeypatch.setenv(URL, "http://127.0.0.1:1")
    return AppTest.from_file(APP, default_timeout=60)


def test_lag_is_told_in_ink(page: AppTest, plant: Plant) -> None:
    plant.scenario = Scenario.BEHIND
    page.run()
    assert "3 min 31 s behind , catching up" in words(page)


def test_silent_api_leaves_the_last_data_on_the_page_with_their_time(page: AppTest, plant: Plant) -> None:
    page.run()
    plant.scenario = Scenario.DOWN
    run_until(page, "The API does not answer")
    seen = words(page)
    assert "What you see is from then." in seen
    assert "pump-07 · drive-end" in seen
    assert "telltale status" in seen
    assert len(charts(page)) == 1


def test_api_that_comes_back_takes_the_banner_away(page: AppTest, plant: Plant) -> None:
    page.run()
    plant.scenario = Scenario.DOWN
    run_until(page, "The API does not answer")
    plant.scenario = Scenario.LIVE
    run_until(page, "0.3 s behind")
    assert "does not answer" not in words(page)


def test_api_that_never_answered_is_told_and_no_page_is_blank(lonely_page: AppTest) -> None:
    lonely_page.run()
    assert "The API does not answer It has not answered since this dashboard was started." in words(lonely_page)


def test_refused_key_is_told_with_what_to_do(page: AppTest, plant: Plant) -> None:
    plant.scenario = Scenario.REFUSED
    page.run()
    seen = words(page)
    assert "The API refuses this dashboard X-API-Key is missing" in seen
    assert "TELLTALE_API_KEYS must be the same for the query API and for telltale dashboard" in seen


def test_stopped_read_model_is_named_in_the_sidebar_and_on_page_log(page: AppTest, plant: Plant) -> None:
    plant.scenario = Scenario.STOPPED
    page.run()
    assert "anomalies not moving" in words(page)
    page.switch_page("views/log.py").run()
    seen = words(page)
    assert "anomalies: not moving the record can't be stored: year 300000" in seen
    assert "at anomaly-events/3/48233" in seen


def test_dashboard_needs_no_more_than_the_api(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    get = httpx.Client.get

    def noted(client: httpx.Client, url: str, **options: object) -> httpx.Response:
        asked.append(url)
        return get(client, url, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(httpx.Client, "get", noted)
    page.run()
    assert {"/freshness", "/incidents", "/verdicts", "/projections"} <= set(asked)
