"""Incidents: given what the log says, when somebody does something, then events or a refusal."""

from datetime import UTC, datetime
from functools import reduce
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.incident_events import (
    IncidentAcknowledged,
    IncidentAssigned,
    IncidentCommented,
    IncidentEnded,
    IncidentEvent,
    IncidentExtended,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    Judgement,
    incident_id,
)
from domain.incidents import (
    Acknowledged,
    AcknowledgeIncident,
    AlreadyAcknowledged,
    AlreadyResolved,
    AssignIncident,
    CommentIncident,
    Incident,
    IncidentCommand,
    IncidentUnknown,
    JudgementMissing,
    New,
    NotResolved,
    ReopenIncident,
    Resolved,
    ResolveIncident,
    TextRefused,
    decide,
    evolve,
    needs_someone,
)
from domain.models import ModelRef
from domain.positions import Position
from domain.rejections import CommandRejected

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
ID = incident_id(Position("sensor-events", 3, 41))
MODEL = ModelRef(profile="pump@1", name="pump", version=1, artifact_sha256="0" * 64)


def opened(severity: str = "warning", kinds: tuple[str, ...] = ("spike",)) -> IncidentOpened:
    return IncidentOpened(
        incident_id=ID,
        machine_id="pump-07",
        sensor_id="motor",
        recorded_at=NOON,
        reading_position="sensor-events/3/41",
        kinds=kinds,
        channels=("vibration",),
        severity=severity,
        score=1.2,
        model=MODEL,
        late=False,
    )


def extended(kinds: tuple[str, ...] = (), severity: str | None = None) -> IncidentExtended:
    return IncidentExtended(
        incident_id=ID,
        machine_id="pump-07",
        sensor_id="motor",
        recorded_at=NOON,
        reading_position="sensor-events/3/50",
        kinds=kinds,
        channels=(),
        severity=severity,
        score=2.0,
    )


ENDED = IncidentEnded(incident_id=ID, machine_id="pump-07", ended_at=NOON)
TAKEN = IncidentAcknowledged(incident_id=ID, machine_id="pump-07", actor="anna")
TRUE = IncidentResolved(incident_id=ID, machine_id="pump-07", judgement="true_alarm", cause="bearing", actor="anna")


def after(*events: IncidentEvent) -> Incident | None:
    start: Incident | None = None
    return reduce(lambda incident, event: evolve(incident, event, at=NOON), events, start)


def known(*events: IncidentEvent) -> Incident:
    incident = after(*events)
    assert incident is not None
    return incident


def test_the_same_first_alarm_is_the_same_incident_for_ever() -> None:
    assert UUID("c8b0e7b1-8a68-5f84-8c3c-1c60d4f7a7a6") != ID
    assert incident_id(Position("sensor-events", 3, 41)) == ID
    assert incident_id(Position("sensor-events", 3, 42)) != ID


def test_what_somebody_has_acknowledged_is_refused_with_who_and_when() -> None:
    with pytest.raises(AlreadyAcknowledged, match=r"anna acknowledged it at 2026-03-09 12:00:00 UTC"):
        decide(known(opened(), TAKEN), AcknowledgeIncident(incident_id=ID, actor="bo"))


def test_what_became_worse_after_it_was_acknowledged_needs_someone_and_can_be_acknowledged_again() -> None:
    for worse in (extended(kinds=("shift",)), extended(severity="critical")):
        incident = known(opened(), TAKEN, worse)
        assert needs_someone(incident)
        (again,) = decide(incident, AcknowledgeIncident(incident_id=ID, actor="bo"))
        assert not needs_someone(known(opened(), TAKEN, worse, again))


def test_a_new_channel_alone_is_not_worse() -> None:
    assert not needs_someone(known(opened(), TAKEN, extended()))


def test_an_incident_that_was_over_before_anybody_looked_still_needs_someone_until_it_is_judged() -> None:
    assert needs_someone(known(opened(), ENDED))
    assert needs_someone(known(opened(), TAKEN, ENDED))
    assert not needs_someone(known(opened(), TAKEN, ENDED, TRUE))


def test_judging_says_what_it_was_and_nothing_else() -> None:
    with pytest.raises(JudgementMissing, match="true_alarm, false_alarm, planned, unknown"):
        decide(known(opened()), ResolveIncident(incident_id=ID, judgement="fine", cause="", actor="anna"))


def test_what_is_resolved_is_neither_acknowledged_nor_resolved_again_until_it_is_reopened() -> None:
    incident = known(opened(), TRUE)
    with pytest.raises(AlreadyResolved, match="anna resolved it as true alarm"):
        decide(incident, AcknowledgeIncident(incident_id=ID, actor="bo"))
    with pytest.raises(AlreadyResolved):
        decide(incident, ResolveIncident(incident_id=ID, judgement="false_alarm", cause="", actor="bo"))
    (reopened,) = decide(incident, ReopenIncident(incident_id=ID, because="it came back", actor="bo"))
    assert isinstance(known(opened(), TRUE, reopened).handling, New)


def test_reopening_what_is_open_is_refused() -> None:
    with pytest.raises(NotResolved):
        decide(known(opened(), TAKEN), ReopenIncident(incident_id=ID, because="why not", actor="bo"))


def test_an_incident_that_the_log_never_opened_is_refused_and_what_is_said_of_it_changes_nothing() -> None:
    assert after(TAKEN, TRUE, ENDED) is None
    with pytest.raises(IncidentUnknown, match=str(ID)):
        decide(None, AcknowledgeIncident(incident_id=ID, actor="anna"))


@pytest.mark.parametrize("text", ["", "  ", "x" * 4001, "a\0b", "a\ud800"])
def test_texts_are_neither_empty_nor_endless_and_can_be_shown(text: str) -> None:
    with pytest.raises(TextRefused):
        decide(known(opened()), CommentIncident(incident_id=ID, text=text, actor="anna"))


def test_a_refusal_is_no_longer_than_what_is_kept_of_it() -> None:
    endless = ResolveIncident(incident_id=ID, judgement="\U0010ffff" * 60_000, cause="", actor="anna")
    with pytest.raises(JudgementMissing) as refused:
        decide(known(opened()), endless)
    assert len(str(refused.value)) < 1000


PEOPLE = st.sampled_from(["anna", "bo", "cy"])
COMMANDS = st.one_of(
    st.builds(AcknowledgeIncident, incident_id=st.just(ID), actor=PEOPLE),
    st.builds(AssignIncident, incident_id=st.just(ID), assignee=PEOPLE, actor=PEOPLE),
    st.builds(CommentIncident, incident_id=st.just(ID), text=st.just("seen"), actor=PEOPLE),
    st.builds(
        ResolveIncident, incident_id=st.just(ID), judgement=st.sampled_from(Judgement), cause=st.just(""), actor=PEOPLE
    ),
    st.builds(ReopenIncident, incident_id=st.just(ID), because=st.just("again"), actor=PEOPLE),
)
EPISODE = st.sampled_from(
    [extended(kinds=("shift",)), extended(severity="high"), extended(severity="critical"), extended(), ENDED]
)


@given(st.lists(st.one_of(COMMANDS, EPISODE), max_size=30))
def test_any_interleaving_of_three_people_over_any_episode_keeps_the_two_axes_apart(
    steps: list[IncidentCommand | IncidentExtended | IncidentEnded],
) -> None:
    incident = known(opened())
    for step in steps:
        before = incident
        if isinstance(step, IncidentExtended | IncidentEnded):
            incident = known_after(incident, step)
            assert type(incident.handling) is type(before.handling), "a machine judges nothing"
            assert incident.assignee == before.assignee
            continue
        try:
            events = decide(incident, step)
        except CommandRejected:
            continue
        for event in events:
            assert isinstance(
                event,
                IncidentAcknowledged | IncidentAssigned | IncidentCommented | IncidentResolved | IncidentReopened,
            )
            incident = known_after(incident, event)
        assert (incident.active, incident.severity, incident.kinds) == (before.active, before.severity, before.kinds)
        if isinstance(incident.handling, Acknowledged | Resolved) and incident.handling is not before.handling:
            assert not incident.handling.worse


def known_after(incident: Incident, event: IncidentEvent) -> Incident:
    changed = evolve(incident, event, at=NOON)
    assert changed is not None
    return changed
