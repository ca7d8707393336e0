"""Whether the stream still looks as it did in a champion's training: each signal's index before its null band."""

from html import escape
from typing import Final

import streamlit as st

from dashboard.answers.models import DriftSignal, ModelDrift
from dashboard.charts.models import drift
from dashboard.client import ApiError
from dashboard.connection import Connection
from dashboard.frame.choices import Choices
from dashboard.look.formats import UNKNOWN, clock
from dashboard.memory import now
from dashboard.parts.chart import Rows, chart
from dashboard.parts.layout import live
from dashboard.parts.words import command, heading, table, tag

WINDOWS: Final = {"15 min": 900, "1 h": 3600, "6 h": 21_600}
DEFAULT_WINDOW: Final = "1 h"

FRESH_FOR_S: Final = 30.0
"""An hour hardly changes in half a minute, and counting one takes the database a while."""

MOST_ROWS: Final = 8


def show_drift(connection: Connection, choices: Choices, lines: tuple[str, ...]) -> None:
    """Draw line and window to choose, and below what they come to; both are in the address."""
    if not lines:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="drift_of"):
        st.html('<div class="tt-h">Drift of</div>', width="content")
        line = st.selectbox(
            "Line", list(lines), key="line", bind="query-params", label_visibility="collapsed", width=150
        )
        window = st.segmented_control(
            "Window",
            list(WINDOWS),
            default=DEFAULT_WINDOW,
            required=True,
            key="window",
            bind="query-params",
            label_visibility="collapsed",
        )
    live(_drift, moving=choices.moving)(connection, choices, str(line), str(window))


def _drift(connection: Connection, choices: Choices, line: str, window: str) -> None:
    try:
        found = connection.memory.ask(
            choices.question("drift", line, window),
            lambda: connection.api.drift(line, window_s=WINDOWS[window], as_of=choices.as_of),
            fresh_for_s=FRESH_FOR_S,
        ).value
    except ApiError as error:
        st.html(f'<p class="tt-p"><b>Drift is not known.</b> {escape(str(error))}</p>')
        return
    if found.because or not found.signals:
        st.html(f'<p class="tt-p"><b>Drift is not known.</b> {escape(found.because or "No signal is measured.")}</p>')
        command(f"telltale train {line}")
        return
    worst = max(found.signals, key=_excess)
    heading(f"{worst.name} of {found.model}", "index against training; grey is its usual range")
    chart(drift(), {"drift": part_rows(found, worst)}, key="drift", alt_text="index of drift with its usual range")
    st.html(f'<p class="tt-p">{verdict_of(found)}</p>')
    shown = sorted(found.signals, key=_excess, reverse=True)[:MOST_ROWS]
    table(["signal", "index", "usual up to", ""], [_row(signal) for signal in shown], right=(1, 2))
    if choices.known_at is None:
        command(f"telltale models drift {line} --window {window.replace(' ', '').replace('min', 'm')}")


def verdict_of(found: ModelDrift) -> str:
    """Return in a sentence whether the stream is as in training; html."""
    counted = f"{found.readings:,} readings until {clock(found.ends_at, now())}"
    outside = [escape(signal.name) for signal in found.signals if signal.outside]
    if not outside:
        return (
            f"<b>As in training</b>: {counted}; every channel and score with enough readings is within its usual range."
        )
    verb = "is" if len(outside) == 1 else "are"
    return (
        f"<b>{', '.join(outside)} {verb} outside the usual range</b> ({counted}): the machines changed, or the model "
        "no longer fits."
    )


def part_rows(found: ModelDrift, signal: DriftSignal) -> Rows:
    """Return the parts of the window in which the signal was measured."""
    return [
        {
            "from": part.starts_at,
            "to": part.ends_at,
            "middle": part.starts_at + (part.ends_at - part.starts_at) / 2,
            "index": one.index,
            "upto": one.usual_up_to,
            "outside": one.outside,
        }
        for part in found.parts
        for one in part.signals
        if one.name == signal.name and one.kind == signal.kind and one.enough
    ]


def _row(signal: DriftSignal) -> list[str]:
    of = " score" if signal.kind == "score" else ""
    state = tag("outside", "warn") if signal.outside else "inside" if signal.enough else "too few readings"
    name = escape(signal.name.replace("_", " ") + of)
    if not signal.readings:
        return [name, UNKNOWN, UNKNOWN, state]
    return [f"<b>{name}</b>" if signal.outside else name, f"{signal.index:.2f}", f"{signal.usual_up_to:.2f}", state]


def _excess(signal: DriftSignal) -> float:
    return signal.index / signal.usual_up_to if signal.enough else 0.0
