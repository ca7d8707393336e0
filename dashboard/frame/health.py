"""Health, at the foot of the sidebar: a line each, live."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard.answers.operations import ContractProof, DeadLetter, Freshness, ReadModel
from dashboard.client import ApiError, ApiRefused
from dashboard.connection import Connection
from dashboard.frame.freshness import ask_freshness
from dashboard.log.rebuilding import candidate_of
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
        proof = memory.ask("contracts state", api.contracts_state, fresh_for_s=1).value.last_proof
        letters = memory.ask("dead letters", api.dead_letters, fresh_for_s=1).value
    except ApiRefused as error:
        return [("API", f"refuses: {error}")]
    except ApiError:
        return _no_answer(connection)
    return [
        ("Readings", readings_line(fresh.value)),
        ("Machines", f"{fresh.value.machines:,}, {many(fresh.value.sensors, 'sensor')}"),
        ("Read models", read_models_line(builds)),
        ("Contracts", contracts_line(len({known.event for known in contracts}), proof)),
        ("Dead letters", dead_letters_line(letters)),
    ]


def readings_line(fresh: Freshness) -> str:
    """Return how many there are and how old the newest is."""
    if fresh.last_reading_known_at is None:
        return "none yet"
    return f"{fresh.readings:,}, newest {span(fresh.now - fresh.last_reading_known_at)} ago"


def read_models_line(builds: Sequence[ReadModel]) -> str:
    """Return how many serve, or which do not move."""
    serving = [build for build in builds if build.serving]
    still = [build.read_model for build in serving if not build.moves]
    rebuilding = sum(1 for build in serving if candidate_of(build))
    if not serving:
        return "none built yet"
    if still:
        return f"{', '.join(still)} not moving"
    return f"{len(serving)} serving" + (f", {rebuilding} rebuilding" if rebuilding else "")


def contracts_line(count: int, proof: ContractProof | None) -> str:
    """Return how many there are and how old their last proof is."""
    if proof is None:
        return f"{count}, never proven"
    return f"{count}, {'proven' if proof.holds else 'NOT proven'} {span(now() - proof.proved_at)} ago"


def dead_letters_line(letters: Sequence[DeadLetter]) -> str:
    """Return how many wait for somebody."""
    waiting = sum(1 for letter in letters if letter.state == "open")
    return f"{waiting:,} to look at" if waiting else "none to look at"


def _no_answer(connection: Connection) -> list[Line]:
    since = connection.memory.last_answer_at
    if since is None:
        return [("API", "no answer yet")]
    return [
        ("API", f"no answer for {span(now() - since)}"),
        ("Everything else", f"unknown since {clock(since, now())}"),
    ]
