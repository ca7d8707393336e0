"""The top of every page: name and question, freshness; range, machine, known at; banners. Everything is in the URL."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from html import escape
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.answers.machines import Machine
from dashboard.client import ApiDown, ApiRefused
from dashboard.connection import Connection
from dashboard.frame.arrival import arrive
from dashboard.frame.choices import ALL_MACHINES, DEFAULT_RANGE, RANGES, Choices, moment_text, parse_moment
from dashboard.frame.freshness import ask_freshness, show_freshness
from dashboard.frame.judging import show_judging
from dashboard.frame.known_at import choose_known_at, forget_known_at
from dashboard.look.formats import clock, span
from dashboard.look.zone import choose_zone
from dashboard.memory import now
from dashboard.parts.words import banner, mono

FIRST_DAY: Final = date(1970, 1, 2)


def page_frame(connection: Connection, *, title: str, question: str, narrowing: bool = True) -> Choices:
    """Draw the top of a page and return what is chosen; ends the run when the API has never answered.

    `narrowing`: whether range and machine change anything on this page; else they are not offered.
    """
    arrive()
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    left.html(
        f'<div class="tt-head"><span class="t">{escape(title)}</span><span class="q">{escape(question)}</span></div>'
    )
    stale, refused = _state(connection)
    with right:
        show_freshness(connection, drawn_stale=stale)
    if refused is not None:
        _refused(refused)
        st.stop()
    never = connection.memory.last_answer_at is None
    choices = _bar(connection, stale=stale, enabled=not never, narrowing=narrowing)
    if stale:
        _down_banner(connection)
    elif not never:
        show_judging(connection)
    if never:
        st.stop()
    return choices


def body(choices: Choices) -> DeltaGenerator:
    """Return the part of the page that turns grey when its data are old."""
    return st.container(key="stale" if choices.stale else "fresh")


def ask_machines(connection: Connection) -> Sequence[Machine]:
    """Return the machines; none where that was never answered."""
    try:
        return connection.memory.ask("machines", connection.api.machines, fresh_for_s=5).value
    except (ApiDown, ApiRefused):
        return ()


def _state(connection: Connection) -> tuple[bool, ApiRefused | None]:
    """Return whether the API is silent, and its refusal if it refuses to talk to this dashboard."""
    try:
        return ask_freshness(connection).stale, None
    except ApiDown:
        return True, None
    except ApiRefused as error:
        return False, error


def _bar(connection: Connection, *, stale: bool, enabled: bool, narrowing: bool) -> Choices:
    reach, machine = DEFAULT_RANGE, ALL_MACHINES
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="global_bar"):
        if narrowing:
            reach, machine = _range_and_machine(connection, enabled=enabled)
            _calendar(enabled=enabled)
        past = st.toggle(
            "Known at an earlier time",
            key="past",
            bind="query-params",
            help="Show what the log knew then: verdicts, readings, models, dead letters.",
            disabled=not enabled,
        )
        choose_zone()
    until = _until_line() if narrowing else None
    known_at, known_now = choose_known_at() if past else (None, False)
    if not past:
        forget_known_at()
    return Choices(
        reach=reach,
        machine=None if machine == ALL_MACHINES else machine,
        until=until,
        known_at=known_at,
        known_now=known_now,
        stale=stale,
    )


def _range_and_machine(connection: Connection, *, enabled: bool) -> tuple[str, str]:
    reach = st.segmented_control(
        "Happened in the last",
        list(RANGES),
        default=DEFAULT_RANGE,
        required=True,
        key="range",
        bind="query-params",
        label_visibility="collapsed",
        disabled=not enabled,
    )
    machine = st.selectbox(
        "Machine",
        [ALL_MACHINES, *(machine.machine_id for machine in ask_machines(connection))],
        key="machine",
        bind="query-params",
        width=170,
        label_visibility="collapsed",
        disabled=not enabled,
    )
    return str(reach), str(machine)


def _calendar(*, enabled: bool) -> None:
    """Offer any day as the end of the range: imported history may be years old."""
    with st.popover("Another day", disabled=not enabled, width="content", key="calendar"):
        day = st.date_input("Until the end of", None, min_value=FIRST_DAY, key="until_day", format="YYYY-MM-DD")
        if st.button("Go there", key="go_to_day", disabled=day is None) and isinstance(day, date):
            midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
            st.session_state["until"] = midnight
            st.query_params["until"] = moment_text(midnight)
            st.rerun()


def _until_line() -> datetime | None:
    """Return the end of the range, when one was chosen, and offer the way back to now.

    The session keeps it as well, since going to another page drops what is in the address.
    """
    until = parse_moment(st.query_params.get("until")) or st.session_state.get("until")
    if until is None:
        return None
    st.session_state["until"] = until
    st.query_params["until"] = moment_text(until)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="until_line"):
        st.html(f'<p class="tt-p">What happened until <b>{clock(until, now())}</b></p>', width="content")
        if st.button("Back to now", key="back_to_now"):
            del st.session_state["until"]
            del st.query_params["until"]
            st.rerun()
    return until


def _refused(error: ApiRefused) -> None:
    hint = ""
    if error.status in {401, 403}:
        same = f"{mono('TELLTALE_API_KEYS')} must be the same for the query API and for {mono('telltale dashboard')}"
        hint = f"{same}: set it, and start the dashboard again."
    banner(f"<b>The API refuses this dashboard</b><span>{escape(str(error))}</span><span>{hint}</span>")


def _down_banner(connection: Connection) -> None:
    since = connection.memory.last_answer_at
    if since is None:
        told = "It has not answered since this dashboard was started. Next try in 2 s."
    else:
        told = (
            f"Last answer {clock(since, now())}, {span(now() - since)} ago. What you see is from then. Next try in 2 s."
        )
    banner(f"<b>The API does not answer</b><span>{told}</span>{mono('telltale status', 'muted')}")
