"""How complete the page is, at the right of its name; tells the page when the API goes or comes back."""

from html import escape

import streamlit as st

from dashboard.answers.operations import Freshness
from dashboard.client import ApiError
from dashboard.connection import Connection
from dashboard.look.formats import clock, span
from dashboard.look.zone import zone_name
from dashboard.memory import Answered, now
from dashboard.parts.layout import EVERY_S

BEHIND_AFTER_S = 10.0
"""Lag from which the reader is told in ink."""

QUESTION = "freshness"


def ask_freshness(connection: Connection) -> Answered[Freshness]:
    """Return how complete the answers are. Raises ApiError."""
    return connection.memory.ask(QUESTION, connection.api.freshness, fresh_for_s=0.5)


@st.fragment(run_every=EVERY_S)
def show_freshness(connection: Connection, *, drawn_stale: bool) -> None:
    """Write the line, live; draw the whole page anew when the API has stopped or begun to answer."""
    try:
        answered = ask_freshness(connection)
    except ApiError:
        st.html(_late(f"no answer since <b>{clock(connection.memory.last_answer_at)}</b>"))
        return
    if answered.stale != drawn_stale:
        st.rerun()
    st.html(freshness_line(answered))


def freshness_line(answered: Answered[Freshness]) -> str:
    """Return the line: blue dot when live, dashed when late or without answer."""
    if answered.stale:
        return _late(f"no answer since <b>{clock(answered.at, now())}</b>")
    fresh = answered.value
    if fresh.behind_s is None or fresh.complete_to is None:
        return _late("no read model says how far it is")
    to = f"complete to <b>{clock(fresh.complete_to, fresh.now)}</b>"
    if fresh.behind_s > BEHIND_AFTER_S:
        return _late(f"{to}, <b>{span(fresh.behind_s)} behind</b>, catching up")
    end = f'{span(fresh.behind_s)} behind <span class="faint">· {escape(zone_name())}</span>'
    return f'<div class="tt-fresh"><span class="tt-dot on"></span>{to}, {end}</div>'


def _late(html: str) -> str:
    return f'<div class="tt-fresh late"><span class="tt-dot"></span>{html}</div>'
