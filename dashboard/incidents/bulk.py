"""Acknowledging several incidents at once; each has an answer of its own."""

from collections.abc import Sequence
from typing import Final
from uuid import uuid4

import streamlit as st

from dashboard.answers.incidents import Incident
from dashboard.command_service import CommandError
from dashboard.connection import Connection
from dashboard.frame.choices import Choices
from dashboard.incidents.acting import why_off
from dashboard.incidents.asking import refresh
from dashboard.incidents.naming import name_given
from dashboard.incidents.outcomes import bulk_html, failed_html

COMMAND: Final = "bulk_command"
"""In the session: id of the next command on several; a new one once it was answered."""
TOLD: Final = "bulk_told"


def pick_key(incident: Incident) -> str:
    """Return the key of the box that chooses an incident."""
    return f"pick_{incident.incident_id}"


def show_bulk(connection: Connection, choices: Choices, listed: Sequence[Incident]) -> None:
    """Draw the button for those that are chosen."""
    chosen = [incident for incident in listed if st.session_state.get(pick_key(incident))]
    st.button(
        f"Acknowledge {len(chosen)} chosen" if chosen else "Acknowledge chosen",
        key="bulk_acknowledge",
        disabled=not chosen or bool(why_off(connection, choices)),
        on_click=_acknowledge,
        args=(connection, choices, chosen, st.session_state.setdefault(COMMAND, str(uuid4()))),
    )


def told_of_bulk() -> str:
    """Return what came of the last one."""
    return str(st.session_state.get(TOLD, ""))


def _acknowledge(connection: Connection, choices: Choices, chosen: Sequence[Incident], command_id: str) -> None:
    if st.session_state[COMMAND] != command_id:
        return
    items = [
        {"incident_id": one.incident_id, "action": "acknowledge", "if_match": f'"{one.version}"'} for one in chosen
    ]
    try:
        answers = connection.commands.handle_incidents(items, command_id=command_id, who=name_given())
    except CommandError as error:
        st.session_state[TOLD] = failed_html(error)
        return
    st.session_state[COMMAND] = str(uuid4())
    st.session_state[TOLD] = bulk_html(chosen, answers)
    for incident, answer in zip(chosen, answers, strict=True):
        st.session_state[pick_key(incident)] = False
        refresh(connection, choices, incident.incident_id, answer.position)
