"""Page Explorer, as a reader sees it."""

from datetime import UTC, date, datetime, timedelta

from streamlit.testing.v1 import AppTest

from tests.integration.dashboard.fake_api import Plant, Scenario
from tests.integration.dashboard.reading import charts, links, words


def cell_address(plant: Plant, lane: str, minutes_ago: float) -> str:
    at = (plant.origin - timedelta(minutes=minutes_ago)).timestamp()
    return f"{lane}|{datetime.fromtimestamp(at // 120 * 120, UTC):%Y-%m-%dT%H:%M:%SZ}"


def test_newest_worst_verdict_is_told_in_a_sentence_without_a_click(explorer: AppTest) -> None:
    explorer.run()
    seen = words(explorer)
    assert "pump-07 · drive-end : vibration 6." in seen
    assert "expected 2.1–2.9; shift, 3." in seen
    assert "× threshold" in seen
    assert "Why? →" in links(explorer)
    assert "Incident →" in links(explorer)


def test_first_page_shows_lanes_and_how_many_are_abnormal_at_once(explorer: AppTest) -> None:
    explorer.run()
    assert charts(explorer) == ["number of abnormal machines over time", "worst severity by machine and time"]
    assert "Worst verdict per 2 min, 12 machines" in words(explorer)
    assert "0.3 s behind" in words(explorer)


def test_cell_of_the_address_opens_its_verdicts_with_sensor_channel_and_score(explorer: AppTest, plant: Plant) -> None:
    explorer.query_params["cell"] = cell_address(plant, "pump-07", 6)
    explorer.run()
    seen = words(explorer)
    assert "readings abnormal, worst 2." in seen
    assert "drive-end shift vibration" in seen
    assert "anomaly-events/3/" in seen
    assert any(chart.startswith("vibration around") for chart in charts(explorer))
    assert any(label.startswith("Why? drive-end") for label in links(explorer))


def test_cell_without_verdicts_says_that_nothing_is_wrong_in_it(explorer: AppTest, plant: Plant) -> None:
    explorer.query_params["cell"] = cell_address(plant, "pump-06", 6)
    explorer.run()
    assert "480 readings, none abnormal" in words(explorer)


def test_cell_in_which_no_reading_came_says_so(explorer: AppTest, plant: Plant) -> None:
    explorer.query_params["cell"] = cell_address(plant, "compressor-02", 72)
    explorer.run()
    assert "no reading came" in words(explorer)


def test_choosing_a_machine_shows_its_sensors_as_lanes(explorer: AppTest) -> None:
    explorer.run()
    explorer.selectbox(key="machine").select("pump-07").run()
    assert "sensors of pump-07" in words(explorer)
    assert "worst severity by sensor and time" in charts(explorer)


def test_quiet_plant_is_told_with_proof_of_life(explorer: AppTest, plant: Plant) -> None:
    plant.scenario = Scenario.QUIET
    explorer.run()
    assert "Quiet. 36 sensors on 12 machines, last reading 0.4 s ago." in words(explorer)


def test_empty_range_says_where_data_are_and_goes_there(explorer: AppTest, plant: Plant) -> None:
    plant.scenario = Scenario.EMPTY
    explorer.run()
    assert "No data between" in words(explorer)
    assert "Data exist from" in words(explorer)
    explorer.button(key="go").click().run()
    assert "What happened until" in words(explorer)
    assert "Worst verdict per 2 min" in words(explorer)
    assert "pump-07 · drive-end" in words(explorer)
    explorer.button(key="back_to_now").click().run()
    assert "No data between" in words(explorer)


def test_system_without_any_reading_says_how_to_begin(explorer: AppTest, plant: Plant) -> None:
    plant.scenario = Scenario.NEW
    explorer.run()
    assert "No data yet." in words(explorer)
    assert "telltale simulate" in explorer.code[0].value


def test_earlier_time_leaves_out_what_was_not_known_then(explorer: AppTest, plant: Plant) -> None:
    explorer.run()
    explorer.toggle(key="past").set_value(True).run()
    before = datetime.fromtimestamp((plant.origin - timedelta(minutes=30)).timestamp() // 30 * 30, UTC)
    explorer.slider(key="known_at").set_value(before).run()
    seen = words(explorer)
    assert "As known at" in seen
    assert "Actions are off." in seen
    assert "pump-07" not in seen
    assert "hall-b · air : pressure" in seen


def test_known_now_shows_the_present_and_marks_what_was_not_known_then(explorer: AppTest, plant: Plant) -> None:
    explorer.run()
    explorer.toggle(key="past").set_value(True).run()
    before = datetime.fromtimestamp((plant.origin - timedelta(minutes=30)).timestamp() // 30 * 30, UTC)
    explorer.slider(key="known_at").set_value(before).run()
    explorer.segmented_control(key="show").set_value("known now").run()
    seen = words(explorer)
    assert "You see what is known now; what was otherwise then is marked." in seen
    assert "pump-07 · drive-end : vibration" in seen
    assert "then: not known" in seen


def test_an_answer_that_is_not_complete_says_so(explorer: AppTest, plant: Plant) -> None:
    plant.scenario = Scenario.BEHIND
    explorer.run()
    assert "Not complete yet." not in words(explorer)
    explorer.toggle(key="past").set_value(True).run()
    assert "Not complete yet. A read model has not passed this moment everywhere" in words(explorer)


def test_a_moment_that_is_not_kept_any_more_says_what_is(explorer: AppTest, plant: Plant) -> None:
    plant.scenario = Scenario.FORGOTTEN
    explorer.run()
    explorer.toggle(key="past").set_value(True).run()
    assert "No swimlane as_of: anomalies keeps 7 days" in words(explorer)


def test_order_of_lanes_can_be_worst_first(explorer: AppTest) -> None:
    explorer.run()
    explorer.segmented_control(key="order").set_value("worst first").run()
    spec = explorer.get("vega_lite_chart")[1].proto.spec
    assert spec.index("pump-07") < spec.index("compressor-01")


def test_any_day_can_be_gone_to_and_is_in_the_address(explorer: AppTest, plant: Plant) -> None:
    explorer.run()
    explorer.date_input(key="until_day").set_value(date(2013, 12, 31)).run()
    explorer.button(key="go_to_day").click().run()
    assert "What happened until 1 Jan 2014 00:00:00" in words(explorer)
    assert explorer.query_params["until"] == "2014-01-01T00:00:00Z"
    explorer.segmented_control(key="range").set_value("1 y").run()
    assert "No data between 1 Jan 2013 00:00:00 and 1 Jan 2014 00:00:00." in words(explorer)


def test_long_ranges_have_cells_to_fit(explorer: AppTest) -> None:
    explorer.run()
    explorer.segmented_control(key="range").set_value("1 y").run()
    assert "Worst verdict per 4 d" in words(explorer)


def test_since_when_does_not_depend_on_the_range(explorer: AppTest, plant: Plant) -> None:
    since = f"abnormal since {plant.origin - timedelta(minutes=13):%H:%M:%S}"
    for reach in ("15 min", "3 h", "24 h"):
        explorer.run()
        explorer.segmented_control(key="range").set_value(reach).run()
        assert since in words(explorer)
