"""Page Incidents, which answers: what needs me."""

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.answers.incidents import Incident, IncidentInFull
from dashboard.client import ApiError
from dashboard.connection import Connection, connect
from dashboard.frame.bar import ask_machines, body, page_frame
from dashboard.frame.choices import Choices
from dashboard.frame.freshness import ask_freshness
from dashboard.incidents.acting import show_actions
from dashboard.incidents.asking import (
    NEEDS_SOMEONE,
    PARAMETER,
    VIEWS,
    ask_incident,
    ask_incidents,
    ask_then,
)
from dashboard.incidents.bulk import pick_key, show_bulk, told_of_bulk
from dashboard.incidents.detail import show_head, show_links, show_story
from dashboard.incidents.quiet import quiet_sentence, show_none
from dashboard.incidents.rows import row_html
from dashboard.memory import now
from dashboard.parts.layout import live, split
from dashboard.parts.words import banner, empty, quiet

MOST_ROWS = 50
"""Rows drawn; each has a button of its own, and nobody works through more at once."""

Slots = Mapping[str, DeltaGenerator]


def show() -> None:
    """Draw the page."""
    connection = connect()
    choices = page_frame(connection, title="Incidents", question="What needs me?")
    with body(choices):
        try:
            _page(connection, choices)
        except ApiError as error:
            banner(f"<b>No incidents</b><span>{escape(str(error))}</span>")


def _page(connection: Connection, choices: Choices) -> None:
    named = st.query_params.get(PARAMETER)
    needing = ask_incidents(connection, choices, NEEDS_SOMEONE)
    _figures(connection, needing)
    # In a narrow window the incident that somebody chose comes before the list.
    left, right = split([19, 13], key="incidents_chosen" if named else "incidents")
    with left:
        listed = _list(connection, choices, named)
    opened = named or next((incident.incident_id for incident in listed), None)
    with right:
        if opened:
            _detail(connection, choices, opened)


def _figures(connection: Connection, needing: Sequence[Incident]) -> None:
    machines = {incident.machine_id for incident in needing}
    new = sum(1 for one in needing if one.handling == "new" and one.active)
    over = sum(1 for one in needing if not one.active and one.handling != "resolved")
    in_all = ask_freshness(connection).value.machines or len(ask_machines(connection))
    figures = (
        (str(len(needing)), "incidents" if len(needing) != 1 else "incident", "need someone"),
        (str(len(machines)), f"of {in_all:,} machines", "concerned"),
        (str(new), "", "nobody has looked at"),
        (str(over), "", "ended, not judged"),
    )
    cells = "".join(
        f'<div><div class="v">{value} <small>{small}</small></div><div class="k">{what}</div></div>'
        for value, small, what in figures
    )
    st.html(f'<div class="tt-stats">{cells}</div>')


def _list(connection: Connection, choices: Choices, named: str | None) -> Sequence[Incident]:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        view = str(
            st.segmented_control(
                "Which",
                VIEWS,
                default=NEEDS_SOMEONE,
                required=True,
                key="view",
                bind="query-params",
                label_visibility="collapsed",
            )
        )
        listed = ask_incidents(connection, choices, view)
        shown = listed[:MOST_ROWS]
        if shown:
            show_bulk(connection, choices, shown)
    if told := told_of_bulk():
        st.html(told)
    if not shown:
        show_none(connection, choices, view)
        live(_watch, moving=choices.known_at is None)(connection, choices, view, {}, ())
        return shown
    picked = named or shown[0].incident_id
    slots: dict[str, DeltaGenerator] = {}
    with st.container(key="rows"):
        for incident in shown:
            slots[incident.incident_id] = _row(choices, incident, on=incident.incident_id == picked)
    live(_watch, moving=choices.known_at is None)(connection, choices, view, slots, _marks(listed))
    if len(shown) < len(listed):
        st.html(f'<p class="tt-p">The {len(shown)} first of {len(listed):,}: choose a machine to see its own.</p>')
    sentence = quiet_sentence(ask_freshness(connection).value, choices) if view == NEEDS_SOMEONE else ""
    if sentence and not choices.machine:
        quiet(sentence.replace("<b>Quiet.</b>", "<b>All others are quiet.</b>"))
    return shown


def _row(choices: Choices, incident: Incident, *, on: bool) -> DeltaGenerator:
    """Draw the row's box and its transparent button; return the place that the live part fills."""
    name = incident.incident_id
    with st.container(key=f"row_{'on_' if on else ''}{name}", horizontal=True, gap=None, vertical_alignment="center"):
        st.checkbox(
            f"choose {incident.machine_id}",
            key=pick_key(incident),
            label_visibility="collapsed",
            width=30,
            disabled=choices.known_at is not None or (incident.handling != "new" and not incident.worse),
        )
        slot = st.empty()
        st.button(f"open {incident.machine_id}", key=f"open_{name}", on_click=_open, args=(name,))
    return slot


def _open(incident_id: str) -> None:
    st.query_params[PARAMETER] = incident_id


def _watch(connection: Connection, choices: Choices, view: str, slots: Slots, drawn: Sequence[str]) -> None:
    """Fill the rows anew; draw the whole page when an incident came, went or changed."""
    listed = ask_incidents(connection, choices, view)
    if _marks(listed) != tuple(drawn):
        st.rerun()
    then = ask_then(connection, choices)
    for incident in listed:
        if incident.incident_id in slots:
            slots[incident.incident_id].html(row_html(incident, then, choices.as_of or now()))


def _marks(listed: Sequence[Incident]) -> tuple[str, ...]:
    return tuple(f"{incident.incident_id}@{incident.version}" for incident in listed)


def _detail(connection: Connection, choices: Choices, incident_id: str) -> None:
    full = ask_incident(connection, choices, incident_id)
    if full is None:
        when = " by then" if choices.as_of else ""
        empty(f"<b>This incident is not known{when}.</b><br>{escape(incident_id)}")
        return
    moving = choices.known_at is None
    live(_head, moving=moving)(connection, choices, full)
    show_actions(connection, choices, full.incident)
    show_links(connection, choices, full.incident)
    live(_story, moving=moving)(connection, choices, full)


def _head(connection: Connection, choices: Choices, drawn: IncidentInFull) -> None:
    """Draw what moves; the whole page when the incident changed, so that the buttons act on what is seen."""
    full = ask_incident(connection, choices, drawn.incident.incident_id) or drawn
    if full.incident.version != drawn.incident.version:
        st.rerun()
    show_head(connection, choices, full)


def _story(connection: Connection, choices: Choices, drawn: IncidentInFull) -> None:
    show_story(ask_incident(connection, choices, drawn.incident.incident_id) or drawn)


if __name__ == "__main__":
    show()
