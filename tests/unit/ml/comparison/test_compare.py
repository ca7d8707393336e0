"""Two models over one history: every number worked out by hand, and the same however the log comes in batches."""

import math

import pytest

from domain.comparison import budget_checks, within_budgets
from tests.fakes.comparison import (
    judged_reading,
)
from tests.unit.ml.comparison.desk import NOT_JUDGED, compare


def test_decisions_are_counted_by_outcome_machine_kind_and_label() -> None:
    event, report = compare(
        [
            judged_reading(0),
            judged_reading(1, champion=2, challenger=3),
            judged_reading(2, challenger=4, challenger_shift=5),
            judged_reading(3, champion_shift=2, machine_id="pump-02"),
            judged_reading(4, champion_mute=9),
            judged_reading(5, champion=NOT_JUDGED, champion_shift=NOT_JUDGED, label="bearing"),
        ]
    )

    assert report["decisions"] == {
        "readings": 6,
        "agree": 4,
        "gained": 1,
        "lost": 1,
        "champion_abnormal": 2,
        "challenger_abnormal": 2,
    }
    machines = report["machines"]["named"]
    assert {name: (one["agree"], one["gained"], one["lost"]) for name, one in machines.items()} == {
        "pump-01": (4, 1, 0),
        "pump-02": (0, 0, 1),
    }
    assert report["kinds"] == {
        "spike": {"champion": 1, "challenger": 1, "gained": 0, "lost": 0},
        "shift": {"champion": 1, "challenger": 1, "gained": 1, "lost": 1},
    }
    assert {label: one["readings"] for label, one in report["labels"].items()} == {"unlabelled": 5, "bearing": 1}
    assert (event.numbers.champion_judged, event.numbers.challenger_judged) == (5, 6)


def test_a_reading_is_healthy_by_ground_truth_or_because_the_champion_called_it_normal() -> None:
    event, report = compare(
        [
            judged_reading(0),  # healthy: no label, and normal to the champion
            judged_reading(1, challenger=2),  # healthy, and changed
            judged_reading(2, champion=2),  # nobody knows
            judged_reading(3, champion=NOT_JUDGED, champion_shift=NOT_JUDGED),  # the champion does not know
            judged_reading(4, champion=2, healthy=True),  # healthy by its label, and changed
            judged_reading(5, champion=2, challenger=2, healthy=True),  # healthy, both wrong
            judged_reading(6, challenger=2, label="bearing"),  # faulty
        ]
    )

    assert (event.numbers.healthy_readings, event.numbers.changed_healthy_readings) == (4, 2)
    assert (report["healthy"]["gained"], report["healthy"]["lost"]) == (1, 1)


def test_incidents_follow_the_incident_rule_and_machine_days_leave_gaps_out() -> None:
    quiet = [judged_reading(second) for second in range(100)]
    later = [judged_reading(second) for second in range(2000, 2100)]
    shifted = [judged_reading(second, challenger_shift=2) for second in range(2100, 2110)]
    event, report = compare([*quiet, judged_reading(100, champion=2), *later, *shifted])

    assert event.numbers.machine_days == pytest.approx((100 + 109) / 86_400)
    assert (event.numbers.champion_incidents, event.numbers.challenger_incidents) == (1, 1)
    assert report["incidents_opened_by"] == {"champion": {"spike": 1}, "challenger": {"shift": 1}}

    event, _ = compare([*quiet, *later, *shifted[:-1]])
    assert event.numbers.challenger_incidents == 0


def test_two_alarms_of_one_machine_are_one_incident_until_it_was_quiet_for_long() -> None:
    alarms = [judged_reading(second, champion=2) for second in (0, 800, 1600)]
    quiet = [judged_reading(second) for second in range(1601, 2600, 10)]
    other = [judged_reading(2600, champion=2, sensor_id="south"), judged_reading(2601, champion=2, machine_id="b")]

    event, _ = compare([*alarms, *quiet, *other])

    assert event.numbers.champion_incidents == 3


def test_labelled_faults_are_found_lost_and_delayed_and_explain_incidents() -> None:
    fault = [
        judged_reading(second, champion=2 if second >= 105 else 0.1, label="bearing") for second in range(100, 120)
    ]
    spike = [judged_reading(5000, champion=3, challenger=3, label="spike")]
    after = [judged_reading(7000, challenger=3)]
    event, report = compare([judged_reading(0), *fault, *spike, *after])

    found = event.numbers
    assert (found.labelled_faults, found.champion_found, found.challenger_found) == (2, 2, 1)
    assert found.lost_labelled_faults == 1
    assert (found.champion_incidents, found.champion_unexplained_incidents) == (2, 0)
    assert (found.challenger_incidents, found.challenger_unexplained_incidents) == (2, 1)
    lost, kept = report["faults"]["named"]
    assert (lost["label"], lost["champion_delay_s"], lost["challenger_delay_s"]) == ("bearing", 5.0, None)
    assert (lost["champion_found"], lost["challenger_found"]) == (True, False)
    assert (kept["label"], kept["champion_delay_s"], kept["challenger_delay_s"]) == ("spike", 0.0, 0.0)
    assert not within_budgets(budget_checks(found))


def test_an_alarm_that_is_confirmed_just_after_a_fault_is_still_of_it() -> None:
    fault = [judged_reading(second, challenger_shift=2, label="shift") for second in range(5)]
    rest = [judged_reading(second, challenger_shift=2) for second in range(5, 10)]

    event, _ = compare([*fault, *rest])

    assert (event.numbers.challenger_found, event.numbers.challenger_unexplained_incidents) == (1, 0)


def test_an_alarm_that_nobody_believes_yet_finds_no_fault_though_an_incident_is_open() -> None:
    fault = [judged_reading(second, champion_shift=2, label="shift") for second in range(100, 109)]

    event, report = compare([judged_reading(0, champion=2), *fault])

    assert (event.numbers.champion_incidents, event.numbers.champion_found) == (1, 0)
    assert report["faults"]["named"][0]["champion_delay_s"] == 0.0


def test_precision_and_recall_are_of_labelled_readings() -> None:
    faulty = [judged_reading(second, champion=2 if second < 3 else 0.1, label="bearing") for second in range(4)]
    healthy = [judged_reading(second, champion=2 if second < 5 else 0.1, healthy=True) for second in range(4, 10)]
    _, report = compare([*faulty, *healthy, judged_reading(11, champion=2)])

    champion, challenger = report["truth"]["champion"], report["truth"]["challenger"]
    assert (champion["precision"], champion["recall"], champion["false_alarm_share"]) == (3 / 4, 3 / 4, 1 / 6)
    assert (challenger["precision"], challenger["recall"]) == (None, 0.0)
    assert compare([judged_reading(0)])[1]["truth"] is None


def test_score_shift_is_the_logarithm_of_the_ratio() -> None:
    _, report = compare([judged_reading(second, champion=0.2, challenger=0.4) for second in range(50)])

    quantiles = report["score_shift"]["quantiles"]
    assert report["score_shift"]["readings"] == 50
    assert list(quantiles.values()) == [pytest.approx(math.log(2), abs=0.01)] * 7
    unjudged = judged_reading(0, challenger=NOT_JUDGED, challenger_shift=NOT_JUDGED)
    assert compare([unjudged])[1]["score_shift"]["quantiles"] == {}
    assert compare([judged_reading(0, champion=0, champion_shift=0)])[1]["score_shift"]["quantiles"]["0.5"] > 4


def test_the_worst_flips_are_named_with_their_positions() -> None:
    first = [judged_reading(second, challenger=1 + second / 100) for second in range(1, 50)]
    second = [judged_reading(1, champion=7, machine_id="pump-02", label="bearing")]
    _, report = compare([], first, second)

    gained, lost = report["flips"]["gained"], report["flips"]["lost"]
    assert len(gained) == 20
    assert gained[0]["position"] == "sensor-events/1/48"
    assert [flip["challenger_score"] for flip in gained] == sorted(
        (flip["challenger_score"] for flip in gained), reverse=True
    )
    assert lost == [
        {
            "position": "sensor-events/2/0",
            "machine_id": "pump-02",
            "sensor_id": "north",
            "recorded_at": "2026-03-09T12:00:01+00:00",
            "champion_score": 7.0,
            "challenger_score": 0.1,
            "kind": "spike",
            "label": "bearing",
        }
    ]


def test_a_sample_of_scores_is_kept_by_what_is_known_of_the_reading() -> None:
    known = [
        judged_reading(1, champion=0.5, challenger=0.25, label="bearing"),
        judged_reading(2, champion=2, challenger=0.123456, healthy=True),
        judged_reading(3, challenger=3),
        judged_reading(4, healthy=True),
        judged_reading(5, champion=NOT_JUDGED, champion_shift=NOT_JUDGED),
    ]
    _, report = compare(known)

    groups = {name: (one["readings"], one["sample"]) for name, one in report["scores"].items()}
    assert groups == {
        "fault": (1, [[0.5, 0.25]]),
        "false_alarm": (1, [[2.0, 0.1235]]),
        "unlabelled_alarm": (1, [[0.1, 3.0]]),
        "ordinary": (1, [[0.1, 0.1]]),
    }


def test_of_many_readings_the_sample_is_spread_over_the_history() -> None:
    _, report = compare([judged_reading(second, challenger=second / 1000) for second in range(1000)])

    ordinary = report["scores"]["ordinary"]
    halves = sum(challenger < 0.5 for _, challenger in ordinary["sample"])
    assert (ordinary["readings"], len(ordinary["sample"])) == (1000, 150)
    assert 50 < halves < 100
