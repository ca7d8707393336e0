"""Health, at the foot of the sidebar: four lines, live."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard.answers.operations import Freshness, ProjectionStatus
from dashboard.client import ApiError, ApiRefused
from dashboard.connection import Connection
from dashboard.frame.freshness import ask_freshness
from dashboard.look.formats import clock, many, span
from dashboard.memory import now
from dashboard.parts.layout import EVERY_S

Line = tuple[str, str]


@st.fragment(run_every=EVERY_S)
def show_health(connection: Connection) -> None:
    """Write the lines."""
    rows = "".join(f"<div><b>{escape(name)}</b>{escape(text)}</div>" for name, text in health_lines(connection))
    st.html(f'<div class="side">{rows}</div>')


def health_lines(connection: Connection) -> list[Line]:
    """Return what works and what does not."""
    memory, api = connection.memory, connection.api
    try:
        fresh = ask_freshness(connection)
        if fresh.stale:
            return _no_answer(connection)
        builds = memory.ask("projections", api.projections).value
        contracts = memory.ask("contracts", api.contracts, fresh_for_s=30).value
    except ApiRefused as error:
        return [("API", f"refuses: {error}")]
    except ApiError:
        return _no_answer(connection)
    return [
        ("Readings", readings_line(fresh.value)),
        ("Machines", f"{fresh.value.machines:,}, {many(fresh.value.sensors, 'sensor')}"),
        ("Read models", read_models_line(builds)),
        ("Contracts", f"{len({known.event for known in contracts})} published"),
    ]


def readings_line(fresh: Freshness) -> str:
    """Return how many there are and how old the newest is."""
    if fresh.last_reading_known_at is None:
        return "none yet"
    return f"{fresh.readings:,}, newest {span(fresh.now - fresh.last_reading_known_at)} ago"


def read_models_line(builds: Sequence[ProjectionStatus]) -> str:
    """Return how many serve, or which do not move."""
    serving = [build for build in builds if build.serving]
    still = [build.read_model for build in serving if not build.moves]
    if not serving:
        return "none built yet"
    return f"{', '.join(still)} not moving" if still else f"{len(serving)} serving"


def _no_answer(connection: Connection) -> list[Line]:
    since = connection.memory.last_answer_at
    if since is None:
        return [("API", "no answer yet")]
    return [
        ("API", f"no answer for {span(now() - since)}"),
        ("Everything else", f"unknown since {clock(since, now())}"),
    ]
