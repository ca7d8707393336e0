"""Page Incidents, as somebody sees it who works through what needs somebody."""

from datetime import UTC, datetime, timedelta

from streamlit.testing.v1 import AppTest

from domain.incident_events import IncidentAcknowledged, IncidentExtended, IncidentResolved
from tests.integration.dashboard.fake_api import Plant, Scenario
from tests.integration.dashboard.incident_answers import OVER, incident_of
from tests.integration.dashboard.reading import charts, links, run_until, words


def press(page: AppTest, label: str) -> None:
    next(button for button in page.button if button.label == label).click().run()


def said(page: AppTest, text: str) -> None:
    page.text_input[0].set_value(text)


def opened(page: AppTest, machine: str) -> AppTest:
    page.query_params["incident"] = str(incident_of(machine))
    return page.run()


def appended(plant: Plant, machine: str) -> list[object]:
    seeded = len(Plant(origin=plant.origin).incidents.records)
    return [record.event for record in plant.incidents.records[seeded:] if record.event.machine_id == machine]


def test_home_lists_what_needs_somebody_worst_first(page: AppTest) -> None:
    page.run()
    seen = words(page)
    rows = [seen.index(f"{machine} {kind}") for machine, kind in (("pump-07", "shift"), ("compressor-03", "stuck"))]
    assert rows == sorted(rows)
    assert "5 incidents need someone" in seen
    assert "hall-b spike pressure" in seen
    assert "ended, not judged" in seen
    assert "7 other machines are quiet. Last reading 0.4 s ago." in seen


def test_what_somebody_has_taken_on_is_not_among_what_needs_somebody(page: AppTest) -> None:
    page.run()
    assert "pump-05" not in words(page)
    page.segmented_control(key="view").set_value("all in this range").run()
    assert f"acknowledged {OVER}" in words(page)


def test_worst_incident_is_told_in_figures_with_its_channel_and_its_story(page: AppTest) -> None:
    page.run()
    seen = words(page)
    assert "pump-07 · drive-end : vibration" in seen
    assert "expected 2.1–2.9; shift" in seen
    assert "Nobody has taken it on." in seen
    assert "opened , severity warning , kind shift, vibration" in seen
    assert "vibration with its expected band, since before the incident" in charts(page)
    assert "Why? The sensor at that time →" in links(page)


def test_an_action_is_one_event_and_the_page_shows_it_at_once(page: AppTest, plant: Plant) -> None:
    opened(page, "pump-07")
    press(page, "Acknowledge")
    assert [type(event) for event in appended(plant, "pump-07")] == [IncidentAcknowledged]
    seen = words(page)
    assert "Acknowledged as local. In the log at incident-events/0/" in seen
    assert "acknowledged by local" in seen
    assert "It is local 's." in seen


def test_judging_takes_the_cause_along(page: AppTest, plant: Plant) -> None:
    opened(page, "pump-07")
    said(page, "bearing worn")
    press(page, "True alarm")
    (event,) = appended(plant, "pump-07")
    assert isinstance(event, IncidentResolved)
    assert (event.judgement, event.cause) == ("true_alarm", "bearing worn")
    seen = words(page)
    assert "Judged true alarm by local" in seen
    assert "“bearing worn”" in seen
    assert "4 incidents need someone" in seen


def test_a_name_that_is_given_once_stands_beside_what_is_done(page: AppTest, plant: Plant) -> None:
    opened(page, "pump-07")
    page.text_input(key="name_field").set_value("Łucja").run()
    press(page, "Acknowledge")
    press(page, "True alarm")
    assert [event.actor for event in appended(plant, "pump-07")] == ["Łucja (unverified)"] * 2  # type: ignore[attr-defined]
    assert "Judged true alarm by Łucja (unverified)" in words(page)


def test_what_was_judged_can_be_reopened_with_a_reason(page: AppTest, plant: Plant) -> None:
    opened(page, "pump-07")
    press(page, "False alarm")
    press(page, "Reopen")
    assert "A reason is needed. Nothing was changed." in words(page)
    said(page, "it is back")
    press(page, "Reopen")
    assert "reopened by local: it is back" in words(page)
    assert len(appended(plant, "pump-07")) == 2


def test_comment_and_assignment_are_in_the_story(page: AppTest) -> None:
    opened(page, "pump-07")
    said(page, "ordered a bearing")
    press(page, "Comment")
    page.text_input[1].set_value("anna")
    press(page, "Assign")
    seen = words(page)
    assert "local: ordered a bearing" in seen
    assert "assigned to anna by local" in seen
    assert "It is anna 's." in seen


def test_who_was_first_is_told_with_the_time_and_nothing_is_changed(page: AppTest, plant: Plant) -> None:
    opened(page, "pump-07")
    first = IncidentAcknowledged(incident_id=incident_of("pump-07"), machine_id="pump-07", actor=OVER)
    at = plant.incidents.put(first).appended_at
    press(page, "Acknowledge")
    seen = words(page)
    assert OVER in seen
    assert f"{at:%H:%M:%S}" in seen
    assert "Nothing was changed; here is the incident as it is now." in seen
    assert appended(plant, "pump-07") == [first]
    assert f"acknowledged by {OVER}" in seen


def test_an_incident_that_became_worse_is_not_judged_by_what_was_seen_before(page: AppTest, plant: Plant) -> None:
    opened(page, "pump-07")
    worse = IncidentExtended(
        incident_id=incident_of("pump-07"),
        machine_id="pump-07",
        sensor_id="motor",
        recorded_at=plant.now,
        reading_position="sensor-events/3/190000",
        kinds=("spike",),
        channels=("current",),
        severity=None,
        score=4.0,
    )
    plant.incidents.put(worse)
    press(page, "False alarm")
    assert appended(plant, "pump-07") == [worse]
    assert "Nothing was changed" in words(page)


def test_an_answer_that_got_lost_is_asked_for_again_and_stays_one_event(page: AppTest, plant: Plant) -> None:
    opened(page, "pump-07")
    plant.scenario = Scenario.ANSWER_LOST
    press(page, "Acknowledge")
    assert "Not confirmed." in words(page)
    plant.scenario = Scenario.LIVE
    press(page, "Acknowledge")
    assert "Acknowledged as local." in words(page)
    assert len(appended(plant, "pump-07")) == 1


def test_several_are_acknowledged_at_once_and_each_has_its_answer(page: AppTest, plant: Plant) -> None:
    page.run()
    for machine in ("pump-07", "compressor-03"):
        page.checkbox(key=f"pick_{incident_of(machine)}").check()
    page.run()
    plant.incidents.put(IncidentAcknowledged(incident_id=incident_of("pump-07"), machine_id="pump-07", actor=OVER))
    press(page, "Acknowledge 2 chosen")
    seen = words(page)
    assert "1 incident acknowledged. pump-07:" in seen
    assert OVER in seen
    assert len(appended(plant, "compressor-03")) == 1
    assert len(appended(plant, "pump-07")) == 1


def test_quiet_is_said_with_proof_of_life(page: AppTest, plant: Plant) -> None:
    plant.scenario = Scenario.QUIET
    page.run()
    assert "Quiet. 36 sensors on 12 machines, last reading 0.4 s ago." in words(page)


def test_quiet_is_not_said_while_readings_are_not_judged(page: AppTest, plant: Plant) -> None:
    plant.scenario = Scenario.UNJUDGED
    page.run()
    seen = words(page)
    assert "Readings are not being judged 1,200 records wait, the oldest for 1 min 35 s." in seen
    assert "scorer is stopped: LogNotReachable." in seen
    assert "Quiet." not in seen
    assert "No incident needs anyone. Whether nothing is wrong is not known" in seen


def test_quiet_is_not_said_while_what_is_shown_is_old(page: AppTest, plant: Plant) -> None:
    plant.scenario = Scenario.BEHIND
    page.run()
    assert "Quiet." not in words(page)


def test_silent_api_leaves_the_incidents_and_takes_the_buttons(page: AppTest, plant: Plant) -> None:
    opened(page, "pump-07")
    plant.scenario = Scenario.DOWN
    run_until(page, "The API does not answer")
    assert "pump-07" in words(page)
    assert all(button.disabled for button in page.button if button.label in {"Acknowledge", "True alarm", "Comment"})


def test_earlier_time_shows_the_incident_as_it_stood_with_buttons_off(page: AppTest, plant: Plant) -> None:
    opened(page, "pump-05")
    assert f"acknowledged by {OVER}" in words(page)
    page.toggle(key="past").set_value(True).run()
    before = datetime.fromtimestamp((plant.origin - timedelta(minutes=40)).timestamp() // 30 * 30, UTC)
    page.slider(key="known_at").set_value(before).run()
    seen = words(page)
    assert "Nobody has taken it on." in seen
    assert f"acknowledged by {OVER}" not in seen
    assert all(button.disabled for button in page.button if button.label in {"Acknowledge", "True alarm", "Comment"})
    page.segmented_control(key="show").set_value("known now").run()
    assert "then: not known" in words(page)
    assert f"acknowledged by {OVER}" in words(page)


def test_address_of_an_incident_that_is_not_known_says_so(page: AppTest) -> None:
    page.query_params["incident"] = "00000000-0000-0000-0000-000000000000"
    page.run()
    assert "This incident is not known." in words(page)
