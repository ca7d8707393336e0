"""Page Log: can I trust it, tab by tab."""

from datetime import UTC, datetime, timedelta

from streamlit.testing.v1 import AppTest

from tests.integration.dashboard.fake_api import Plant, Scenario
from tests.integration.dashboard.reading import words


def log_page(page: AppTest) -> str:
    """Open page Log and return what it says."""
    page.run()
    page.switch_page("views/log.py").run()
    return words(page)


def commands(page: AppTest) -> list[str]:
    """Return the commands on the page, to copy."""
    return [code.value for code in page.code]


def test_a_read_model_shows_its_build_its_proof_and_the_age_of_that(page: AppTest) -> None:
    seen = log_page(page)
    assert "readings b12 b11 kept for undo 0.0 s 40 /s proven 4 min 09 s ago equal, b12 and b11 288,114" in seen
    assert "scoring b16 0.4 s 8.0 /s not proven never –" in seen
    assert "sensors b14 0.2 s 13 /s differs 4 min 09 s ago differs: 1 row in sensors 288,114" in seen
    assert "telltale rebuild sensors" in commands(page)


def test_the_last_swap_is_told_with_the_way_back(page: AppTest) -> None:
    assert "Last swap readings," in log_page(page)
    assert "telltale rebuild readings --undo" in commands(page)


def test_a_rebuild_shows_the_step_that_runs(page: AppTest, plant: Plant) -> None:
    plant.scenario = Scenario.REBUILDING
    seen = log_page(page)
    assert "Rebuilding anomalies b15 → b17 · readers stay on b15 1 Load 14,072 records behind" in seen
    assert "Read models 7 serving, 1 rebuilding" in seen


def test_a_stopped_read_model_has_the_command_that_passes_over_the_record(page: AppTest, plant: Plant) -> None:
    plant.scenario = Scenario.STOPPED
    seen = log_page(page)
    assert "anomalies: not moving the record can't be stored: year 300000" in seen
    assert "telltale skip anomaly-events/3/48233 --because …" in commands(page)


def test_dead_letters_have_the_command_to_send_each_again(page: AppTest) -> None:
    seen = log_page(page)
    assert "2 records could not be used. Nothing is dropped" in seen
    assert "pump@2 has no channel “torque” found by scorer open" in seen
    assert "discarded A. Okafor: a test of the gateway" in seen
    assert "telltale dead-letters redrive sensor-events/5/90412" in commands(page)
    assert "telltale dead-letters show sensor-events/1/77" in commands(page)
    assert "Dead letters 2 to look at" in seen


def test_dead_letters_of_an_earlier_time_leave_out_what_came_later(page: AppTest, plant: Plant) -> None:
    log_page(page)
    page.toggle(key="past").set_value(True).run()
    before = datetime.fromtimestamp((plant.origin - timedelta(minutes=120)).timestamp() // 30 * 30, UTC)
    page.slider(key="known_at").set_value(before).run()
    seen = words(page)
    assert "No dead letters by" in seen
    assert "Read models as they stand now" in seen


def test_no_dead_letter_is_told_as_such(page: AppTest, plant: Plant) -> None:
    plant.scenario = Scenario.QUIET
    assert "No dead letters. Every record in the log could be read and accepted." in log_page(page)


def test_contracts_show_each_version_and_what_was_proven_of_the_stored_records(page: AppTest) -> None:
    seen = log_page(page)
    assert "8 contracts, FULL_TRANSITIVE" in seen
    assert "SensorReadingRecorded sensor-events ✓ id 1 ✓ id 2 ✓ id 3 · 181,060 40 offsets in its topic since" in seen
    assert "AnomalyDetected anomaly-events ✓ id 11 ✓ id 12 · · 48,233 to the end of its topic" in seen
    assert "4 min 09 s ago : 242,303 records in 1.9 s, every one readable, or known to be bad." in seen


def test_a_registry_that_is_away_leaves_the_last_proof_with_its_age(page: AppTest, plant: Plant) -> None:
    plant.scenario = Scenario.REGISTRY
    seen = log_page(page)
    assert "The registry does not answer Reading goes on: every schema is in topic contracts. Below: the last" in seen
    assert "4 min 09 s old." in seen


def test_topics_say_from_where_all_can_be_rebuilt(page: AppTest) -> None:
    seen = log_page(page)
    assert "sensor-events 8 0 181,200 28 readings, reading_buckets, sensors the beginning" in seen
    assert "scorer-state 8 3,200 12,960 – no read model not the beginning 3,200 offsets are gone" in seen
    assert "telltale log scorer-state -f" in commands(page)


def test_a_log_that_is_away_leaves_what_the_read_models_know(page: AppTest, plant: Plant) -> None:
    plant.scenario = Scenario.LOG_AWAY
    seen = log_page(page)
    assert "The log does not answer Below: how far the read models had read it." in seen
    assert "sensor-events 8 – – 28 readings, reading_buckets, sensors –" in seen
