"""What page Incidents asks: the list, one incident, and what shows why it began."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import streamlit as st

from dashboard.answers.incidents import Incident, IncidentInFull
from dashboard.answers.verdicts import Verdict
from dashboard.client import ApiError, ApiRefused
from dashboard.connection import Connection
from dashboard.frame.choices import Choices
from dashboard.sensor.asking import newest_worst

PARAMETER: Final = "incident"
"""In the address: the incident that is open."""

NEEDS_SOMEONE: Final = "needs someone"
ALL: Final = "all in this range"
VIEWS: Final = (NEEDS_SOMEONE, ALL)

FRESH_S: Final = 0.8


def ask_incidents(
    connection: Connection, choices: Choices, view: str, *, min_position: str | None = None
) -> tuple[Incident, ...]:
    """Return the list. What needs somebody is not bound to the range: it stays until somebody has judged it."""
    span = choices.range_now() if view == ALL else None
    chosen = choices.question(view) if span else f"{view}|{choices.machine}|{choices.as_of}"
    return connection.memory.ask(
        f"incidents|{chosen}",
        lambda: connection.api.incidents(
            needs_someone=view == NEEDS_SOMEONE,
            machine_id=choices.machine,
            starts_at=span.starts_at if span else None,
            ends_at=span.ends_at if span else None,
            as_of=choices.as_of,
            min_position=min_position,
        ),
        fresh_for_s=0.0 if min_position else FRESH_S,
    ).value


def ask_then(connection: Connection, choices: Choices) -> Mapping[str, Incident] | None:
    """Return what was known at the earlier moment that is to be marked, by id; None: nothing is to be marked."""
    if choices.then is None:
        return None
    then = connection.memory.ask(
        f"incidents then|{choices.machine}|{choices.then}",
        lambda: connection.api.incidents(needs_someone=False, machine_id=choices.machine, as_of=choices.then),
        fresh_for_s=5,
    ).value
    return {incident.incident_id: incident for incident in then}


def ask_incident(
    connection: Connection, choices: Choices, incident_id: str, *, min_position: str | None = None
) -> IncidentInFull | None:
    """Return one incident; None when it is not known, or was not by then. Raises ApiDown."""
    try:
        return connection.memory.ask(
            f"incident|{incident_id}|{choices.as_of}",
            lambda: connection.api.incident(incident_id, choices.as_of, min_position=min_position),
            fresh_for_s=0.0 if min_position else FRESH_S,
        ).value
    except ApiRefused:
        return None


def ask_worst(connection: Connection, choices: Choices, incident: Incident) -> Verdict | None:
    """Return the newest of the incident's worst verdicts: it says in figures what is wrong."""
    span = choices.range_now()
    ends_at = incident.ended_at + timedelta(seconds=1) if incident.ended_at else max(span.ends_at, incident.began_at)
    try:
        found = connection.memory.ask(
            f"verdicts of|{incident.incident_id}|{choices.as_of}",
            lambda: connection.api.verdicts(
                machine_id=incident.machine_id,
                starts_at=incident.began_at,
                ends_at=ends_at + timedelta(seconds=1),
                as_of=choices.as_of,
            ),
            fresh_for_s=FRESH_S,
        ).value
    except ApiError:
        return None
    return newest_worst(found)


def refresh(connection: Connection, choices: Choices, incident_id: str, position: str | None) -> None:
    """Let the page have what was just decided; if it does not come in time, the live part shows it."""
    try:
        ask_incident(connection, choices, incident_id, min_position=position)
        ask_incidents(connection, choices, NEEDS_SOMEONE, min_position=position)
        if st.session_state.get("view") == ALL:
            ask_incidents(connection, choices, ALL, min_position=position)
    except ApiError:
        return
