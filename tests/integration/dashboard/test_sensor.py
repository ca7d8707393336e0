"""Page Sensor, as a reader sees it."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from tests.integration.dashboard.fake_api import Plant, Scenario
from tests.integration.dashboard.reading import charts, words

PAGE = "views/sensor.py"


@pytest.fixture
def sensor_page(page: AppTest) -> AppTest:
    return page.run().switch_page(PAGE)


def test_unasked_it_shows_the_sensor_of_the_newest_worst_verdict(sensor_page: AppTest) -> None:
    sensor_page.run()
    assert "pump-07 · drive-end vibration 6." in words(sensor_page)


def test_every_channel_has_its_chart_and_the_score_is_below(sensor_page: AppTest) -> None:
    sensor_page.run()
    names = ["speed", "vibration", "temperature", "pressure", "current"]
    bands = [f"{name} with its expected band and verdicts" for name in names]
    assert charts(sensor_page) == [*bands, "score over its threshold"]


def test_channel_that_sets_the_expectation_is_not_judged(sensor_page: AppTest) -> None:
    sensor_page.run()
    assert "speed rpm sets the expectation, not judged" in words(sensor_page)
    assert "speed not judged" in words(sensor_page)


def test_verdict_is_followed_back_to_reading_model_training_and_promotion(sensor_page: AppTest) -> None:
    sensor_page.run()
    seen = words(sensor_page)
    assert "Where this verdict comes from reading sensor-events/3/" in seen
    assert "model pump/2, sha256" in seen
    assert "14,400 rows" in seen
    assert "promoted A. Okafor" in seen


def test_verdict_is_judged_again_on_request_and_is_equal(sensor_page: AppTest) -> None:
    sensor_page.run()
    assert "Re-scored" not in words(sensor_page)
    sensor_page.button(key="verify_button").click().run()
    seen = words(sensor_page)
    assert re.search(r"Re-scored: equal , to the last bit: [0-9.]+ in [0-9.]+ s, from the stored reading", seen)
    assert "equal: reading, model's bytes, score" in seen
    (told,) = [code.value for code in sensor_page.code if code.value.startswith("telltale explain")]
    event_id = told.split()[2]
    asked = sensor_page.query_params
    assert (asked["verify"], asked["verdict"]) == (event_id, event_id)


def test_tampered_verdict_differs_with_both_scores(sensor_page: AppTest, plant: Plant) -> None:
    plant.scenario = Scenario.TAMPERED
    sensor_page.run()
    sensor_page.button(key="verify_button").click().run()
    found = re.search(r"Re-scored: differs\. Recorded ([0-9.]+) , judged again ([0-9.]+) by", words(sensor_page))
    assert found
    assert float(found[1]) == 2 * float(found[2])
    assert "model's bytes: recorded 9f3c41 , now 77aa02" in words(sensor_page)


def test_verdict_that_cannot_be_judged_again_is_not_called_different(sensor_page: AppTest, plant: Plant) -> None:
    plant.scenario = Scenario.LOG_AWAY
    sensor_page.run()
    sensor_page.button(key="verify_button").click().run()
    assert "Not judged again. the log does not answer: 127.0.0.1:9092." in words(sensor_page)
    plant.scenario = Scenario.LIVE
    sensor_page.button(key="verify_again").click().run()
    assert "Re-scored: equal" in words(sensor_page)


def test_forest_says_how_far_the_score_falls_with_each_channel(page: AppTest) -> None:
    _open(page, machine="compressor-01", sensor="stage-2")
    seen = words(page)
    assert "compressor-01 · stage-2 current 2" in seen
    assert "isolation forest" in seen
    assert "How far the score falls when this channel alone is set to its usual value" in seen
    assert "current −0." in seen


def test_verdict_of_the_address_is_the_one_explained(page: AppTest) -> None:
    _open(page, machine="pump-07", sensor="drive-end")
    first = re.findall(r'verdict=([0-9a-f-]{36})"[^>]*>([0-9:]{8})', _html(page))[-1]
    assert f"verdict of {first[1]}" not in words(page)
    page.query_params["verdict"] = first[0]
    page.run()
    assert f"verdict of {first[1]}" in words(page)


def test_sensor_without_verdicts_is_quiet(page: AppTest, plant: Plant) -> None:
    plant.scenario = Scenario.QUIET
    page.run().switch_page(PAGE).run()
    assert "Quiet. Nothing abnormal here in this range." in words(page)


def test_gap_is_told_with_its_times(page: AppTest) -> None:
    _open(page, machine="compressor-02")
    assert re.search(r"A line that breaks: no reading came \([0-9:]{8}–[0-9:]{8}\)\.", words(page))


def test_system_without_sensors_says_so(page: AppTest, plant: Plant) -> None:
    plant.scenario = Scenario.NEW
    page.run().switch_page(PAGE).run()
    assert "No sensor yet." in words(page)


def _open(page: AppTest, *, machine: str, sensor: str | None = None) -> None:
    """Go to the page and choose a machine, and one of its sensors."""
    page.run().switch_page(PAGE).run()
    page.selectbox(key="machine").select(machine).run()
    if sensor:
        page.segmented_control(key="sensor").set_value(sensor).run()


def _html(page: AppTest) -> str:
    return " ".join(element.proto.body for element in page.get("html"))
