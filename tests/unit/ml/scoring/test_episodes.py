"""Incidents by the scorer: an episode of one machine begins, shows something new, and ends, in the log's order."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from domain.anomalies import Severity
from domain.incident_events import (
    EpisodeEvent,
    IncidentEnded,
    IncidentExtended,
    IncidentOpened,
    incident_id,
)
from domain.incident_rule import Episode
from domain.positions import Position
from domain.readings import SensorReadingRecorded, microseconds
from ml.detector import Batch, FloatArray, Verdicts
from ml.scoring.episodes import Followed, Unreported
from tests.builders import NOON, a_reading
from tests.fakes.scoring import InMemoryLog, RunningMeanDetector
from tests.unit.ml.scoring.test_scorer import a_log, a_scorer, steps

EARLIER_S = 10_000
"""The log in memory appends a record a second from NOON: what is recorded before comes from no clock ahead."""

START = NOON - timedelta(seconds=EARLIER_S)


class Far(RunningMeanDetector):
    """Raw score: how far the first channel is from 20 degrees."""

    def score(self, batch: Batch, states: FloatArray) -> tuple[Verdicts, FloatArray]:
        raw = np.abs(batch.values[:, :1] - 20)
        return Verdicts(ratios=raw / self.threshold, raw=raw, unjudged=np.isnan(raw[:, 0])), states


def a_judged_log() -> InMemoryLog:
    log = a_log()
    log.promote(detector=Far())
    return log


def episodes(log: InMemoryLog) -> list[EpisodeEvent]:
    found = (log.written(kind) for kind in (IncidentOpened, IncidentExtended, IncidentEnded))
    return [event for events in found for event in events if isinstance(event, EpisodeEvent)]


def reading(second: float, value: float, *, machine: str = "hall-a", sensor: str = "north") -> SensorReadingRecorded:
    return a_reading(second - EARLIER_S, machine_id=machine, sensor_id=sensor, measurements={"temperature": value})


def judged(readings: Sequence[SensorReadingRecorded]) -> list[EpisodeEvent]:
    log = a_judged_log()
    log.put(*readings)
    steps(a_scorer(log), 3)
    return episodes(log)


def test_a_fault_that_stands_is_one_incident_named_for_its_first_abnormal_reading() -> None:
    (opened,) = judged([reading(second, 40 if second > 3 else 20) for second in range(300)])
    assert isinstance(opened, IncidentOpened)
    assert opened.incident_id == incident_id(Position("sensor-events", 0, 4))
    assert (opened.machine_id, opened.sensor_id, opened.severity) == ("hall-a", "north", "critical")
    assert (opened.recorded_at - START).total_seconds() == 4
    assert not opened.late


def test_alarms_within_the_merge_gap_are_one_incident_and_after_it_another() -> None:
    again = judged([reading(0, 40), reading(800, 40), reading(1699, 20), reading(1701, 20), reading(1702, 40)])
    first, second = (event for event in again if isinstance(event, IncidentOpened))
    (ended,) = (event for event in again if isinstance(event, IncidentEnded))
    assert ended.incident_id == first.incident_id != second.incident_id
    assert (ended.ended_at - START).total_seconds() == 800


def test_an_incident_goes_on_while_nothing_comes_since_silence_is_no_recovery() -> None:
    assert not [event for event in judged([reading(0, 40)]) if isinstance(event, IncidentEnded)]


def test_a_worse_alarm_extends_its_incident_at_most_once_a_minute_and_what_is_held_back_is_told_at_the_end() -> None:
    events = judged([reading(0, 26), reading(1, 40), reading(30, 20), reading(2000, 20)])
    opened, extended, ended = events
    assert isinstance(opened, IncidentOpened)
    assert isinstance(extended, IncidentExtended)
    assert isinstance(ended, IncidentEnded)
    assert (opened.severity, extended.severity) == ("warning", "critical")
    assert extended.reading_position == "sensor-events/0/1"


def test_a_higher_severity_is_told_at_once_since_people_are_called_for_it() -> None:
    opened, extended = judged([reading(0, 26), reading(30, 40), reading(31, 20)])
    assert isinstance(opened, IncidentOpened)
    assert isinstance(extended, IncidentExtended)
    assert (opened.severity, extended.severity) == ("warning", "critical")


def test_what_is_held_back_is_told_after_a_minute_though_the_alarm_is_over() -> None:
    held = Followed(
        quiet=timedelta(minutes=15),
        watch=Episode(
            began_at=START,
            last_alarm_at=START,
            kinds=frozenset(("spike",)),
            channels=frozenset(),
            severity=Severity.CRITICAL,
            standing={},
        ),
        incident=incident_id(Position("sensor-events", 0, 0)),
        reported_us=microseconds(START),
        unreported=Unreported(
            kinds=frozenset(("shift",)),
            channels=frozenset(),
            severity=None,
            sensor_id="north",
            recorded_us=microseconds(START) + 1,
            position="sensor-events/0/1",
            score=2.0,
        ),
    )
    assert [held.is_changed_by_peace("north", microseconds(START) + second * 10**6) for second in (59, 60)] == [
        False,
        True,
    ]


def test_a_late_stretch_that_goes_far_back_is_another_incident() -> None:
    day = 86_400
    late = [reading(-day, 40), reading(-day + 1, 20), reading(-2 * day, 40), reading(-2 * day + 1, 20)]
    opened = [event for event in judged([reading(0, 20), *late]) if isinstance(event, IncidentOpened)]
    assert [((one.recorded_at - START).total_seconds(), one.late) for one in opened] == [(-day, True), (-2 * day, True)]


def test_machines_have_incidents_of_their_own_and_sensors_share_their_machines() -> None:
    events = judged(
        [
            reading(0, 40),
            reading(0, 40, sensor="south"),
            reading(0, 40, machine="hall-b"),
            reading(1, 20, machine="hall-c"),
        ]
    )
    assert [event.machine_id for event in events if isinstance(event, IncidentOpened)] == ["hall-a", "hall-b"]


def test_a_snapshot_carries_open_incidents_to_the_next_owner() -> None:
    log = a_judged_log()
    log.put(reading(0, 40))
    first = a_scorer(log)
    steps(first, 3)
    first.run(lambda: False)
    log.put(reading(2000, 20))
    steps(a_scorer(log), 3)
    (ended,) = log.written(IncidentEnded)
    (opened,) = log.written(IncidentOpened)
    assert isinstance(ended, IncidentEnded)
    assert isinstance(opened, IncidentOpened)
    assert ended.incident_id == opened.incident_id
