"""Page Models, as a reader sees it: which, since when, better."""

from datetime import UTC, datetime, timedelta

from streamlit.testing.v1 import AppTest

from tests.integration.dashboard.fake_api import Plant, Scenario
from tests.integration.dashboard.reading import charts, run_until, words


def models_page(page: AppTest) -> str:
    """Open page Models and return what it says."""
    page.run()
    page.switch_page("views/models.py").run()
    return words(page)


def commands(page: AppTest) -> list[str]:
    return [code.value for code in page.code]


def look_back(page: AppTest, plant: Plant, minutes: int) -> str:
    """Ask for what was known so many minutes ago, and return what the page says."""
    page.toggle(key="past").set_value(True).run()
    then = (plant.origin - timedelta(minutes=minutes)).timestamp()
    page.slider(key="known_at").set_value(datetime.fromtimestamp(then // 30 * 30, UTC)).run()
    return words(page)


def test_champions_are_named_with_since_when_by_whom_and_why(page: AppTest) -> None:
    seen = models_page(page)
    assert "pump/2 22 min" in seen
    assert "A. Okafor “finds the bearing wear of 12 Nov” fan/3 4 d 2 h" in seen
    assert "which model was champion when, by line" in charts(page)


def test_a_refused_promotion_is_told_with_its_numbers(page: AppTest) -> None:
    seen = models_page(page)
    assert (
        "pump/2 refused healthy readings judged otherwise: 3.1 %, at most 2 %; labelled faults lost: 1, at most 0 "
        "A. Okafor “it is newer”"
    ) in seen
    assert "fan/2 champion instead of fan/1 against the gate" in seen


def test_unasked_the_newest_comparison_is_shown(page: AppTest) -> None:
    seen = models_page(page)
    assert "on 43,200 readings from" in seen
    assert "pump/3 had learned from 3,600 of them" in seen
    assert "scores of both models, one dot a reading, coloured by label" in charts(page)
    assert "fault 60 of 1,910 · false alarm 22 of 96 · ordinary 150 of 41,194" in seen
    assert "drift 0 of 1 – 0 of 1 –" in seen
    assert "shift 2 of 3 44 s 3 of 3 38 s" in seen
    assert "incidents opened by pump/1 pump/3 shift 6 7 shift and spike 1 1 spike 4 3 all incidents 11 11" in seen
    assert "pump/3 finds 1 fault more and has 1 false incident less. Both miss drift on pump-08." in seen
    assert "inside the budgets" in seen
    assert "gained pump-07 · drive-end," in seen


def test_what_can_be_done_is_there_to_copy(page: AppTest) -> None:
    models_page(page)
    told = commands(page)
    assert any(one.startswith("telltale models diff pump/1 pump/3 --from 20") for one in told)
    assert 'telltale models promote pump/3 --because "…"' in told
    assert "telltale rescore pump/3" in told


def test_the_pair_of_the_address_is_compared(page: AppTest) -> None:
    page.query_params["a"] = "pump/1"
    page.query_params["b"] = "pump/2"
    seen = models_page(page)
    assert "outside the budgets" in seen
    assert "healthy readings judged otherwise 3.1 % at most 2 % broken" in seen
    assert "pump/2 is champion" in seen
    assert 'telltale models rollback pump --because "…"' in commands(page)


def test_two_that_were_never_compared_have_the_command_that_does_it(page: AppTest) -> None:
    models_page(page)
    page.selectbox(key="a").select("fan/1").run()
    assert "pump/3 are of two lines" in words(page)
    page.selectbox(key="b").select("fan/2").run()
    assert "fan/1 and fan/2 were not compared yet." in words(page)
    assert "telltale models diff fan/1 fan/2" in commands(page)
    page.selectbox(key="b").select("fan/1").run()
    assert "They are the same version." in words(page)


def test_at_an_earlier_time_the_champion_is_the_one_of_then(page: AppTest, plant: Plant) -> None:
    models_page(page)
    seen = look_back(page, plant, 30)
    assert "pump/1 12 d 23 h" in seen
    assert "finds the bearing wear" not in seen
    assert "Commands act on the present" in seen
    assert not [one for one in commands(page) if "promote" in one]
    seen = look_back(page, plant, 45)
    assert "pump/1 and pump/3 were not compared by" in seen


def test_known_now_marks_what_came_later(page: AppTest, plant: Plant) -> None:
    models_page(page)
    look_back(page, plant, 30)
    page.segmented_control(key="show").set_value("known now").run()
    assert "pump/2 then: not known" in words(page)


def test_before_the_first_training_the_page_says_how_to_train(page: AppTest, plant: Plant) -> None:
    plant.scenario = Scenario.NEW
    assert "No model was trained yet." in models_page(page)
    assert commands(page) == ["telltale train PROFILE"]


def test_silent_api_leaves_what_was_known(page: AppTest, plant: Plant) -> None:
    models_page(page)
    plant.scenario = Scenario.DOWN
    run_until(page, "The API does not answer")
    assert "“finds the bearing wear of 12 Nov”" in words(page)


def test_drift_is_shown_before_its_usual_range(page: AppTest) -> None:
    page.query_params["line"] = "pump"
    seen = models_page(page)
    assert "As in training : 14,400 readings until" in seen
    assert "index of drift with its usual range" in charts(page)
    assert "vibration 0.06 0.17 inside" in seen
    assert "telltale models drift pump --window 1h" in commands(page)


def test_what_left_its_usual_range_is_named(page: AppTest) -> None:
    models_page(page)
    page.selectbox(key="line").select("fan").run()
    page.segmented_control(key="window").set_value("15 min").run()
    seen = words(page)
    assert "vibration is outside the usual range (3,600 readings until" in seen
    assert "vibration 0.52 0.17 outside" in seen
    assert "telltale models drift fan --window 15m" in commands(page)


def test_a_model_without_reference_says_why_drift_is_not_known(page: AppTest) -> None:
    page.query_params["line"] = "environment"
    assert "Drift is not known. environment/7 was trained by a version that kept no reference" in models_page(page)
