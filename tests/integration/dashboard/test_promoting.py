"""Promoting and rolling back on page Models, against the real command service over a log in memory."""

import re

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from dashboard.connection import COMMANDS_KEY, COMMANDS_URL, KEY
from domain.models import ModelPromoted
from domain.promotion import ModelEvent, PromotionRejected
from tests.comparisons import ref
from tests.integration.dashboard.fake_api import Plant, Scenario
from tests.integration.dashboard.fake_commands import decided
from tests.integration.dashboard.reading import words

BACK = "Roll back to pump/1"
PROMOTE = "Promote pump/3"


def opened(page: AppTest, champion: str = "pump/2", challenger: str = "pump/3") -> AppTest:
    """Open page Models at a pair."""
    page.query_params["a"] = champion
    page.query_params["b"] = challenger
    page.run()
    return page.switch_page("views/models.py").run()


def button(page: AppTest, label: str) -> Button:
    return next(one for one in page.button if one.label == label)


def send(page: AppTest, label: str, because: str | None = None) -> str:
    """Fill the form if told to, click, and return what the page says then."""
    if because is not None:
        page.text_input[0].set_value(because)
    button(page, label).click().run()
    return words(page)


def events(plant: Plant) -> list[ModelEvent]:
    """Return what came of it in the log."""
    return [record.event for record in decided(plant.events)]


def test_a_promotion_is_one_event_with_its_reason_and_the_page_follows(page: AppTest, plant: Plant) -> None:
    seen = send(opened(page), PROMOTE, " one fault more ")
    (event,) = events(plant)
    assert isinstance(event, ModelPromoted)
    assert (event.model, event.because, event.actor) == (ref(3), "one fault more", "local")
    assert re.search(r"pump/3 is champion instead of pump/2: [0-9:]{8}, local\. In the log at model-events/0/46", seen)
    assert "local “one fault more”" in seen
    assert "pump/3 is champion verdicts of earlier models stay as they are" in seen
    assert [one.label for one in page.button if "pump" in one.label] == ["Roll back to pump/2"]
    assert page.text_input[0].value == ""


def test_a_rollback_goes_to_the_champion_before(page: AppTest, plant: Plant) -> None:
    seen = send(opened(page), BACK, "three alarms on sound machines")
    (event,) = events(plant)
    assert isinstance(event, ModelPromoted)
    assert (event.model, event.rollback) == (ref(1), True)
    assert "pump/1 is champion instead of pump/2, rolled back:" in seen
    assert BACK not in [one.label for one in page.button]


def test_without_a_reason_nothing_is_sent(page: AppTest, plant: Plant) -> None:
    seen = send(opened(page), PROMOTE, "  ")
    assert "A reason is needed. It stands wherever the champion is shown. Nothing was changed." in seen
    assert events(plant) == []


def test_the_gate_refuses_with_who_is_champion_since_when(page: AppTest, plant: Plant) -> None:
    seen = send(opened(page, challenger="pump/1"), "Promote pump/1", "it was quieter")
    (event,) = events(plant)
    assert isinstance(event, PromotionRejected)
    assert "The gate asks for a comparison with pump/2, the champion." in seen
    assert "Refused. pump/1 was never compared with pump/2, the champion. The refusal is in the log at" in seen
    assert "model-events/0/46 . Champion is pump/2 since" in seen
    assert "by A. Okafor: “finds the bearing wear”. Nothing was changed." in seen
    assert "pump/1 refused never compared with pump/2 local “it was quieter”" in seen
    assert page.text_input[0].value == "it was quieter"


def test_a_lost_answer_is_not_called_a_failure_and_the_same_button_again_is_the_same_event(
    page: AppTest, plant: Plant
) -> None:
    opened(page)
    plant.scenario = Scenario.ANSWER_LOST
    seen = send(page, BACK, "noisy")
    assert "Not confirmed. the log does not answer. Whether the log took it is not known" in seen
    assert "Nothing was changed" not in seen
    plant.scenario = Scenario.LIVE
    seen = send(page, BACK)
    assert "pump/1 is champion instead of pump/2, rolled back" in seen
    assert len(events(plant)) == 1


def test_a_rollback_whose_answer_was_lost_is_sent_again_as_it_was_also_when_the_page_has_followed(
    page: AppTest, plant: Plant
) -> None:
    send(opened(page), PROMOTE, "one fault more")
    plant.scenario = Scenario.ANSWER_LOST
    send(page, "Roll back to pump/2", "noisy")
    plant.scenario = Scenario.LIVE
    opened(page)

    seen = send(page, "Roll back to pump/2")

    assert "pump/2 is champion instead of pump/3, rolled back" in seen
    assert len(events(plant)) == 2


def test_a_service_that_is_away_is_told(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(COMMANDS_URL, "http://127.0.0.1:1")
    seen = send(opened(page), PROMOTE, "one fault more")
    assert "The command service does not answer." in seen
    assert "telltale status Nothing was changed." in seen
    assert page.text_input[0].value == "one fault more"


def test_looking_back_the_form_is_off(page: AppTest) -> None:
    opened(page)
    page.toggle(key="past").set_value(True).run()
    assert "Commands act on the present; they are off while one looks back." in words(page)
    assert [button(page, label).disabled for label in (PROMOTE, BACK)] == [True, True]
    assert page.text_input[0].disabled


@pytest.fixture
def keyed(plant: Plant) -> Plant:
    """Return a plant whose command service asks for a key; to be named before the page, which starts it."""
    plant.keys = "reader:read:r,page:operate:w"
    return plant


def test_with_keys_the_page_acts_under_the_name_of_its_key(
    keyed: Plant, page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, "r")
    opened(page)
    assert "None of the keys that this dashboard was started with may operate: TELLTALE_API_KEYS." in words(page)
    assert button(page, PROMOTE).disabled
    monkeypatch.setenv(COMMANDS_KEY, "w")
    assert "pump/3 is champion" in send(page.run(), PROMOTE, "one fault more")
    (event,) = events(keyed)
    assert isinstance(event, ModelPromoted)
    assert event.actor == "page"
