"""Who is called for an incident, or why nobody: at least once, never for what is old, one summary after a silence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from commands.call_people import Caller, NotDelivered
from domain.alerts import AlertRule, AlertSent, AlertSuppressed, Undecided
from domain.anomalies import Severity
from domain.appending import EventNotAppended
from domain.incident_events import IncidentAcknowledged, IncidentExtended, IncidentOpened, incident_id
from domain.positions import Position
from domain.topics import ALERT_EVENTS, INCIDENT_EVENTS
from tests.builders import NOON
from tests.fakes.event_log import FakeEventLog, SharedLog
from tests.unit.domain.test_incidents import MODEL


@dataclass
class Phone:
    """A receiver that notes who was told what, or does not answer."""

    name: str = "phone"
    answers: bool = True
    retry_after: timedelta | None = None
    told: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    after: Callable[[], None] = lambda: None

    def call(self, incidents: Sequence[Undecided], *, idempotency_key: str) -> None:
        if not self.answers:
            raise NotDelivered("busy", retry_after=self.retry_after)
        self.told.append((idempotency_key, tuple(held.opened.machine_id for held in incidents)))
        self.after()


@dataclass
class Plant:
    """Incidents and calls in memory, a phone, and a clock that a test sets; the log takes records from NOON on."""

    incidents: SharedLog = field(default_factory=lambda: SharedLog(topic=INCIDENT_EVENTS))
    alerts: SharedLog = field(default_factory=lambda: SharedLog(topic=ALERT_EVENTS))
    phone: Phone = field(default_factory=Phone)
    now: datetime = NOON
    rule: AlertRule = field(default_factory=lambda: AlertRule(severity=Severity.HIGH, cooldown=timedelta(minutes=5)))

    def caller(self) -> Caller:
        caller = Caller(
            FakeEventLog(self.incidents), FakeEventLog(self.alerts), self.phone, self.rule, clock=lambda: self.now
        )
        caller.open()
        return caller

    def decided(self) -> list[Any]:
        return [one.event for one in self.alerts.records]


def opened(machine: str, *, severity: str = "critical", at: datetime = NOON, late: bool = False) -> IncidentOpened:
    number = int(machine.rsplit("-", 1)[1])
    return IncidentOpened(
        incident_id=incident_id(Position("sensor-events", 0, number)),
        machine_id=machine,
        sensor_id="motor",
        recorded_at=at,
        reading_position=f"sensor-events/0/{number}",
        kinds=("shift",),
        channels=("vibration",),
        severity=severity,
        score=4.0,
        model=MODEL,
        late=late,
    )


@pytest.fixture
def plant() -> Plant:
    return Plant()


def test_a_new_incident_that_is_severe_enough_calls_once_and_the_log_says_so(plant: Plant) -> None:
    plant.incidents.put(opened("pump-1"))
    caller = plant.caller()
    assert [caller.step(), caller.step()] == [1, 0]
    key = f"{opened('pump-1').incident_id}/severity"
    assert plant.phone.told == [(key, ("pump-1",))]
    (sent,) = plant.decided()
    assert isinstance(sent, AlertSent)
    assert (sent.target, sent.idempotency_key) == ("phone", key)


def test_what_was_decided_before_a_restart_calls_nobody_again(plant: Plant) -> None:
    plant.incidents.put(opened("pump-1"))
    plant.caller().step()
    assert plant.caller().step() == 0
    assert len(plant.phone.told) == 1


def test_a_crash_after_the_call_repeats_it_under_the_same_key(plant: Plant) -> None:
    plant.incidents.put(opened("pump-1"))
    first = plant.caller()
    plant.alerts.loses_answers = 0
    plant.alerts.writer = None  # the log takes nothing from the first any more: it dies between call and append
    with pytest.raises(Exception, match="another process"):
        first.step()
    plant.caller().step()
    assert len(plant.phone.told) == 2
    assert plant.phone.told[0] == plant.phone.told[1]
    assert len(plant.decided()) == 1


def test_a_call_that_the_log_does_not_take_is_written_down_later_and_not_made_again(plant: Plant) -> None:
    plant.incidents.put(opened("pump-1"))
    caller = plant.caller()
    plant.phone.after = lambda: setattr(plant.alerts, "reachable", False)
    with pytest.raises(EventNotAppended):
        caller.step()
    plant.alerts.reachable = True
    assert caller.step() == 1
    assert len(plant.phone.told) == len(plant.decided()) == 1


@pytest.mark.parametrize(
    ("event", "now", "reason"),
    [
        (opened("pump-1", at=NOON - timedelta(days=365)), NOON, "stale"),
        (opened("pump-1"), NOON + timedelta(minutes=11), "stale"),
        (opened("pump-1", late=True), NOON, "late"),
    ],
)
def test_what_is_old_or_late_calls_nobody_and_is_decided_once(
    plant: Plant, event: IncidentOpened, now: datetime, reason: str
) -> None:
    plant.incidents.put(event)
    plant.now = now
    assert plant.caller().step() == 1
    assert plant.phone.told == []
    assert plant.decided() == [
        AlertSuppressed(incident_id=event.incident_id, machine_id="pump-1", rule="severity", reason=reason)
    ]


def test_a_mild_incident_waits_until_it_is_severe(plant: Plant) -> None:
    mild = opened("pump-1", severity="warning")
    plant.incidents.put(mild)
    caller = plant.caller()
    assert caller.step() == 0
    plant.incidents.put(
        IncidentExtended(
            incident_id=mild.incident_id,
            machine_id="pump-1",
            sensor_id="motor",
            recorded_at=NOON,
            reading_position="sensor-events/0/9",
            kinds=(),
            channels=(),
            severity="high",
            score=2.0,
        )
    )
    assert caller.step() == 1
    assert len(plant.phone.told) == 1


def test_a_machine_that_called_is_quiet_for_its_cooldown_and_another_is_not(plant: Plant) -> None:
    plant.incidents.put(opened("pump-1"))
    caller = plant.caller()
    caller.step()
    again = replace(opened("pump-1"), incident_id=incident_id(Position("sensor-events", 0, 77)))
    plant.incidents.put(again)
    plant.incidents.put(opened("pump-2"))
    caller.step()
    assert [machines for _, machines in plant.phone.told] == [("pump-1",), ("pump-2",)]
    assert [event.reason for event in plant.decided() if isinstance(event, AlertSuppressed)] == ["cooldown"]


def test_what_somebody_has_taken_on_while_the_receiver_was_away_calls_nobody(plant: Plant) -> None:
    plant.incidents.put(opened("pump-1"))
    plant.phone.answers = False
    caller = plant.caller()
    assert caller.step() == 0
    taken = IncidentAcknowledged(incident_id=opened("pump-1").incident_id, machine_id="pump-1", actor="anna")
    plant.incidents.put(taken)
    assert caller.step() == 1
    (event,) = plant.decided()
    assert event.reason == "handled"


def test_a_receiver_that_asks_for_a_pause_gets_it(plant: Plant) -> None:
    plant.incidents.put(opened("pump-1"))
    plant.phone.answers, plant.phone.retry_after = False, timedelta(seconds=30)
    caller = plant.caller()
    caller.step()
    plant.phone.answers = True
    plant.now = NOON + timedelta(seconds=29)
    assert caller.step() == 0
    plant.now = NOON + timedelta(seconds=30)
    assert caller.step() == 1


def test_after_five_minutes_of_silence_all_that_waits_is_one_summary(plant: Plant) -> None:
    plant.phone.answers = False
    for number in (1, 2, 3):
        plant.incidents.put(opened(f"pump-{number}"))
    caller = plant.caller()
    caller.step()
    plant.now, plant.phone.answers = NOON + timedelta(minutes=6), True
    assert caller.step() == 3
    ((key, machines),) = plant.phone.told
    assert machines == ("pump-1", "pump-2", "pump-3")
    assert key.endswith("/summary")
    assert {event.rule for event in plant.decided()} == {"summary"}
