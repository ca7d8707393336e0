"""Tab read models: which build serves, how far behind it is, and why it does not move when it does not."""

from collections.abc import Sequence
from html import escape
from typing import Final

import streamlit as st

from dashboard.answers.operations import ProjectionStatus
from dashboard.connection import Connection
from dashboard.look.formats import UNKNOWN, clock, number, span
from dashboard.memory import now
from dashboard.parts.words import banner, command, empty, mono, table, tag

LOOK_OF_STATE: Final = {"running": "", "loading": "accent", "waiting": "dashed"}
"""Every other state is one in which nothing moves: in ink."""

REPORT_IS_OLD_S: Final = 5.0
"""Projectors report every second or two; only an older report is worth words."""

WHAT_STATES_MEAN: Final = (
    "running: follows the log · loading: reads the log from its beginning · waiting: for something that it names · "
    "stalled, stopped, silent: does not move"
)


def show_read_models(connection: Connection) -> None:
    """Write one row per build, the serving ones first."""
    builds = connection.memory.ask("projections", connection.api.projections).value
    if not builds:
        empty("<b>No read model has been built yet.</b><br>They are built by the projector.")
        command("telltale projector")
        return
    still = [build for build in builds if build.serving and not build.moves]
    if still:
        names = ", ".join(build.read_model for build in still)
        causes = "; ".join(sorted({build.cause or build.state for build in still}))
        banner(f"<b>{escape(names)}: not moving</b><span>{escape(causes)}</span>")
    table(
        ["read model", "build", "state", "behind", "records behind", "rate", "newest record", "cause"],
        [_row(build) for build in in_order(builds)],
        right=(3, 4, 5),
    )
    st.html(f'<p class="tt-p">{WHAT_STATES_MEAN}</p>')
    command("telltale projections list")


def in_order(builds: Sequence[ProjectionStatus]) -> list[ProjectionStatus]:
    """Return serving builds before the others, by name."""
    return sorted(builds, key=lambda build: (not build.serving, build.read_model, build.build))


def _row(build: ProjectionStatus) -> list[str]:
    today = now()
    cause = escape(build.cause or "") + (f"<small>at {mono(build.position)}</small>" if build.position else "")
    silent_s = (today - build.reported_at).total_seconds() if build.reported_at else 0.0
    reported = f"<small>last report {span(silent_s)} ago</small>" if silent_s > REPORT_IS_OLD_S else ""
    note = "" if build.serving else "<small>not serving</small>"
    return [
        f"<b>{escape(build.read_model)}</b>",
        f"{mono(f'b{build.build}')}{note}",
        tag(build.state, LOOK_OF_STATE.get(build.state, "ink")),
        UNKNOWN if build.lag_seconds is None else span(build.lag_seconds),
        number(build.lag_offsets),
        UNKNOWN if build.rate_per_s is None else number(build.rate_per_s, "/s", 1 if build.rate_per_s < 10 else 0),
        f"{clock(build.known_at, today)}{reported}",
        cause or '<span class="faint">–</span>',
    ]
