"""The main path and the looks of the pages, in a real browser. Screenshots go to build/screenshots."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import ViewportSize, expect

from domain.incident_events import IncidentAcknowledged, IncidentResolved
from tests.integration.dashboard.browser import (
    CHROMIUM,
    SCREENSHOTS,
    WIDTHS,
    Opened,
    Scheme,
    Windows,
    chromium,
    dashboard_process,
    opened,
    take_screenshot,
)
from tests.integration.dashboard.fake_api import Plant, Scenario, serving
from tests.integration.dashboard.fake_commands import decided
from tests.integration.dashboard.incident_answers import incident_of

pytestmark = [
    pytest.mark.skipif(
        not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium, to see the pages drawn"
    ),
    pytest.mark.timeout(600),
]

PHONE: Final[ViewportSize] = {"width": 420, "height": 900}
LANE_PX: Final = 25
AXIS_PX: Final = 29
"""Below the last lane: the time axis and the chart's padding."""

SWIMLANE: Final = "[class*='st-key-swimlane_'] svg.marks"


@pytest.fixture(scope="module")
def plant() -> Plant:
    return Plant()


@pytest.fixture(scope="module")
def address(plant: Plant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(plant) as api, dashboard_process(api, tmp_path_factory.mktemp("home")) as dashboard:
        yield dashboard


@pytest.fixture(scope="module")
def windows() -> Iterator[Windows]:
    with chromium() as started:
        yield started


@pytest.fixture(autouse=True)
def live(plant: Plant) -> Iterator[None]:
    plant.scenario = Scenario.LIVE
    yield
    plant.scenario = Scenario.LIVE


def cell(plant: Plant, lane: str, minutes_ago: float) -> str:
    at = (plant.origin - timedelta(minutes=minutes_ago)).timestamp()
    return f"{lane}|{datetime.fromtimestamp(at // 120 * 120, UTC):%Y-%m-%dT%H:%M:%SZ}"


def test_from_the_sentence_to_the_cell_to_the_reasons_to_the_log(windows: Windows, address: str) -> None:
    with opened(windows, address + "/explorer") as seen:
        page = seen.page
        expect(page.locator(".tt-news")).to_contain_text("pump-07 · drive-end: vibration")
        click_newest_cell(seen, lanes_below=1)
        expect(page.locator("table.tt").first).to_contain_text("drive-end")
        expect(page).to_have_url(re.compile("cell=pump-07"))
        page.get_by_text("Why? drive-end").click()
        expect(page.locator(".tt-head .t")).to_have_text("Sensor")
        expect(page.locator(".tt-h").first).to_contain_text("pump-07 · drive-end")
        expect(page.locator("dl.tt-chain")).to_contain_text("sensor-events/3/")
        expect(page).to_have_url(re.compile("machine=pump-07"))
        page.get_by_test_id("stSidebarNavLink").filter(has_text="Log").click()
        expect(page.locator("table.tt").filter(has_text="reading_buckets").first).to_be_visible()
        assert seen.errors == []


def test_why_leads_to_the_sensor_of_the_cell_and_not_to_the_worst_of_all(windows: Windows, address: str) -> None:
    with opened(windows, address + "/explorer") as seen:
        page = seen.page
        expect(page.locator(".tt-news")).to_be_visible()
        click_newest_cell(seen, lanes_below=9)
        page.get_by_text("Why? oil").click()
        expect(page.locator(".tt-h").first).to_contain_text("compressor-03 · oil")
        page.reload()
        expect(page.locator(".tt-h").first).to_contain_text("compressor-03 · oil")
        assert seen.errors == []


def test_chart_and_choice_survive_live_ticks(windows: Windows, address: str) -> None:
    with opened(windows, address + "/explorer") as seen:
        page = seen.page
        expect(page.locator(".tt-news")).to_be_visible()
        seen.settle(SWIMLANE)
        click_newest_cell(seen, lanes_below=1)
        expect(page).to_have_url(re.compile("cell="))
        chosen = page.url
        page.evaluate(f"document.querySelector(\"{SWIMLANE}\").dataset.mark = 'kept'")
        first = page.locator(".tt-fresh b").inner_text()
        for _ in range(3):
            expect(page.locator(".tt-fresh b")).not_to_have_text(first)
            first = page.locator(".tt-fresh b").inner_text()
        assert page.locator(SWIMLANE).first.get_attribute("data-mark") == "kept"
        assert page.url == chosen
        assert seen.errors == []


def test_api_that_stops_and_comes_back_is_shown_without_a_click(windows: Windows, address: str, plant: Plant) -> None:
    with opened(windows, address + "/explorer") as seen:
        expect(seen.page.locator(".tt-news")).to_be_visible()
        plant.scenario = Scenario.DOWN
        expect(seen.page.locator(".tt-banner.down")).to_contain_text("The API does not answer")
        expect(seen.page.locator(".st-key-stale .tt-news")).to_be_visible()
        plant.scenario = Scenario.LIVE
        expect(seen.page.locator(".st-key-fresh .tt-news")).to_be_visible()
        expect(seen.page.locator(".tt-banner.down")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("incidents", "/"),
        ("explorer", "/explorer"),
        ("explorer-cell", "/explorer?cell={cell}"),
        ("sensor", "/sensor?machine=pump-07&sensor=drive-end"),
        ("models", "/models?a=pump%2F2&b=pump%2F3"),
        ("log", "/log"),
    ],
)
def test_page_fits_wide_and_narrow_windows(
    windows: Windows, address: str, plant: Plant, *, name: str, path: str, scheme: Scheme
) -> None:
    where = address + path.format(cell=cell(plant, "pump-07", 5))
    with opened(windows, where, scheme=scheme) as seen:
        for width in WIDTHS:
            take_screenshot(seen, f"{name}-{width}-{scheme}", width=width)


@pytest.mark.parametrize(
    ("name", "path", "scenario"),
    [
        ("incidents-quiet", "/", Scenario.QUIET),
        ("incidents-not-judged", "/", Scenario.UNJUDGED),
        ("incidents-as-of", "/?past=true&known_at={then}&show=known+now", Scenario.LIVE),
        ("explorer-behind", "/explorer", Scenario.BEHIND),
        ("explorer-quiet", "/explorer", Scenario.QUIET),
        ("explorer-empty", "/explorer", Scenario.EMPTY),
        ("explorer-new", "/explorer", Scenario.NEW),
        ("explorer-as-of", "/explorer?past=true&known_at={then}", Scenario.LIVE),
        ("explorer-month", "/explorer?range=30+d", Scenario.LIVE),
        ("explorer-machine", "/explorer?machine=pump-07", Scenario.LIVE),
        ("sensor-forest", "/sensor?machine=compressor-01&sensor=stage-2", Scenario.LIVE),
        ("sensor-gap", "/sensor?machine=compressor-02", Scenario.LIVE),
        ("models-refused", "/models?a=pump%2F1&b=pump%2F2", Scenario.LIVE),
        ("models-as-of", "/models?past=true&known_at={then}", Scenario.LIVE),
        ("models-new", "/models", Scenario.NEW),
        ("log-stopped", "/log", Scenario.STOPPED),
        ("log-rebuilding", "/log", Scenario.REBUILDING),
        ("log-dead-letters", "/log?tab=dead+letters", Scenario.LIVE),
        ("log-dead-letters-as-of", "/log?tab=dead+letters&past=true&known_at={then}", Scenario.LIVE),
        ("log-no-dead-letters", "/log?tab=dead+letters", Scenario.QUIET),
        ("log-contracts", "/log?tab=contracts", Scenario.LIVE),
        ("log-registry-down", "/log?tab=contracts", Scenario.REGISTRY),
        ("log-topics-log-away", "/log?tab=topics", Scenario.LOG_AWAY),
        ("log-topics", "/log?tab=topics", Scenario.LIVE),
    ],
)
def test_state_is_drawn(
    windows: Windows, address: str, plant: Plant, *, name: str, path: str, scenario: Scenario
) -> None:
    plant.scenario = scenario
    then = (plant.origin - timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:00")
    with opened(windows, address + path.format(then=then)) as seen:
        take_screenshot(seen, name)


def test_silent_api_greys_the_page(windows: Windows, address: str, plant: Plant) -> None:
    with opened(windows, address + "/explorer") as seen:
        expect(seen.page.locator(".tt-news")).to_be_visible()
        plant.scenario = Scenario.DOWN
        expect(seen.page.locator(".st-key-stale .tt-news")).to_be_visible()
        seen.errors.clear()
        take_screenshot(seen, "explorer-api-down")


def test_verify_is_clicked_on_a_live_page_and_its_address_shows_the_outcome(windows: Windows, address: str) -> None:
    with opened(windows, address + "/sensor?machine=pump-07&sensor=drive-end") as seen:
        seen.page.get_by_role("button", name="Verify: score it again").click()
        expect(seen.page.locator(".tt-banner.same")).to_contain_text("Re-scored: equal")
        take_screenshot(seen, "sensor-verified")
        seen.page.reload()
        expect(seen.page.locator(".tt-banner.same")).to_contain_text("Re-scored: equal")


def test_a_click_again_while_the_first_is_under_way_is_one_event(windows: Windows, address: str, plant: Plant) -> None:
    with opened(windows, address + "/models?a=pump%2F2&b=pump%2F3") as seen:
        for number, label in enumerate(["Promote pump/3", "Roll back to pump/2"], 1):
            seen.page.get_by_placeholder("Because").fill("one fault more")
            plant.commands_go.clear()
            plant.command_came.clear()
            button = seen.page.get_by_role("button", name=label)
            button.click()
            assert plant.command_came.wait(30)
            button.click()
            plant.commands_go.set()
            expect(seen.page.locator(".tt-banner.same")).to_contain_text(f"model-events/0/{45 + number}")
            seen.settle(".tt-fresh b")
            assert len(decided(plant.events)) == number
        take_screenshot(seen, "models-rolled-back")


def test_from_the_link_to_an_incident_to_its_judgement_on_a_phone(windows: Windows, address: str, plant: Plant) -> None:
    incident = incident_of("compressor-03")
    with opened(windows, f"{address}/?incident={incident}") as seen:
        page = seen.page
        page.set_viewport_size(PHONE)
        page.reload()
        seen.settle(".tt-time")
        expect(page.locator("[data-testid=stSidebar]")).to_have_attribute("data-collapsed", "true")
        take_screenshot(seen, "incidents-phone", width=PHONE["width"])
        page.get_by_role("button", name="Acknowledge", exact=True).click()
        expect(page.locator(".tt-banner.same")).to_contain_text("Acknowledged")
        page.get_by_placeholder("A cause or a comment").fill("oil sensor stuck")
        page.get_by_role("button", name="True alarm").click()
        expect(page.locator(".tt-said")).to_contain_text("Judged true alarm")
        expect(page.locator(".tt-time")).to_contain_text("oil sensor stuck")
        take_screenshot(seen, "incidents-phone-judged", width=PHONE["width"])
        page.goto(f"{address}/log")
        take_screenshot(seen, "log-phone", width=PHONE["width"])
        assert seen.errors == []
    said = [record.event for record in plant.incidents.records if record.event.incident_id == incident]
    assert [type(event) for event in said][-2:] == [IncidentAcknowledged, IncidentResolved]


def test_times_are_in_the_readers_zone_when_the_address_says_so(windows: Windows, address: str, plant: Plant) -> None:
    context = windows.browser.new_context(timezone_id="Asia/Tokyo")
    page = context.new_page()
    began = plant.origin - timedelta(minutes=13)
    for switch, zone in (("", "UTC"), ("?own_zone=true", "Asia/Tokyo")):
        page.goto(f"{address}/{switch}")
        expect(page.locator(".tt-fresh")).to_contain_text(zone)
        shown = began.astimezone(ZoneInfo(zone))
        expect(page.locator("[class*=st-key-row_on_] .since")).to_contain_text(f"{shown:%H:%M:%S}")
        expect(page.locator(".tt-time")).to_contain_text(f"{shown:%H:%M:%S}")
    page.screenshot(path=SCREENSHOTS / "incidents-own-zone.png")
    context.close()


def test_what_somebody_else_did_is_shown_without_a_click(windows: Windows, address: str, plant: Plant) -> None:
    with opened(windows, f"{address}/?incident={incident_of('fan-03')}") as seen:
        seen.settle(".tt-time")
        button = seen.page.get_by_role("button", name="Acknowledge", exact=True)
        expect(button).to_be_enabled()
        plant.incidents.put(
            IncidentAcknowledged(incident_id=incident_of("fan-03"), machine_id="fan-03", actor="M. Lindqvist")
        )
        expect(button).to_be_disabled()
        expect(seen.page.locator(".tt-time")).to_contain_text("acknowledged by M. Lindqvist")
        assert seen.errors == []


def click_newest_cell(seen: Opened, *, lanes_below: int) -> None:
    """Click the last cell of the lane that has so many lanes below it."""
    seen.settle(SWIMLANE)
    chart = seen.page.locator(SWIMLANE).first
    box = chart.bounding_box()
    assert box
    below = AXIS_PX + LANE_PX * (lanes_below + 0.5)
    chart.click(position={"x": box["width"] - 20, "y": box["height"] - below})
