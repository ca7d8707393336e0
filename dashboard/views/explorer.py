"""Page Explorer, which answers: where and when."""

from datetime import UTC, datetime
from html import escape

import streamlit as st

from dashboard.answers.swimlane import Swimlane
from dashboard.charts.swimlane import SELECTION, abnormal_at_once, swimlane
from dashboard.client import ApiDown, ApiRefused
from dashboard.connection import Connection, connect
from dashboard.explorer.cell import show_cell
from dashboard.explorer.headline import show_headline
from dashboard.explorer.lanes import (
    Cell,
    cell_named,
    has_data,
    lane_order,
    lane_rows,
    meaning_of_blank,
    most_at_once,
    picked_mark,
    shown_buckets,
    stacked_rows,
)
from dashboard.frame.bar import body, page_frame
from dashboard.frame.choices import Choices, moment_text
from dashboard.look.formats import clock, many, width
from dashboard.look.palette import SEVERITY_LIMITS
from dashboard.memory import now
from dashboard.parts.chart import chart, choosing_chart
from dashboard.parts.layout import live
from dashboard.parts.words import banner, empty, heading
from dashboard.sensor.rows import change_rows

BY_NAME = "by name"
WORST_FIRST = "worst first"

NOT_COMPLETE = "<b>Not complete yet.</b> A read model has not passed this moment everywhere; more may be added."


def show() -> None:
    """Draw the page."""
    connection = connect()
    choices = page_frame(connection, title="Explorer", question="Where and when?")
    with body(choices):
        try:
            found = ask_swimlane(connection, choices)
        except (ApiDown, ApiRefused) as error:
            banner(f"<b>No swimlane</b><span>{escape(str(error))}</span>")
            return
        if not has_data(found):
            _no_data(found, choices)
            return
        if not found.complete:
            st.html(f'<p class="tt-p">{NOT_COMPLETE}</p>')
        live(_headline, moving=choices.moving)(connection, choices)
        order_by = _title(found, choices)
        live(_lanes, moving=choices.moving)(connection, choices, worst_first=order_by == WORST_FIRST)
        st.html(f'<p class="tt-p">{SEVERITY_LIMITS}</p>')
        live(_cell, moving=choices.moving)(connection, choices)


def ask_swimlane(connection: Connection, choices: Choices) -> Swimlane:
    """Return machines, or the chosen machine's sensors, over the chosen range. Raises ApiError."""
    span = choices.range_now()
    return connection.memory.ask(
        choices.question("swimlane"),
        lambda: connection.api.swimlane(
            machine_id=choices.machine,
            starts_at=span.starts_at,
            ends_at=span.ends_at,
            bucket_s=choices.bucket_s,
            as_of=choices.as_of,
        ),
        fresh_for_s=0.8,
    ).value


def _title(found: Swimlane, choices: Choices) -> str:
    what = many(len(found.lanes), "machine") if choices.machine is None else f"sensors of {choices.machine}"
    more = f" of {found.lanes_in_all}" if found.lanes_in_all > len(found.lanes) else ""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        heading(
            f"Worst verdict per {width(found.bucket_s)}, {what}{more}",
            f"{meaning_of_blank(found)} · strokes are missing data · a cell opens what is in it",
        )
        chosen = st.segmented_control(
            "Order",
            [BY_NAME, WORST_FIRST],
            default=BY_NAME,
            required=True,
            key="order",
            bind="query-params",
            label_visibility="collapsed",
            width="content",
        )
    return str(chosen)


def _headline(connection: Connection, choices: Choices) -> None:
    show_headline(connection, choices, ask_swimlane(connection, choices))


def _lanes(connection: Connection, choices: Choices, *, worst_first: bool) -> None:
    """Draw the lanes, and open the cell that the reader chooses.

    The cell of the address goes in once, when the page is loaded: later the chart keeps its own selection, so its
    specification never changes and it is never built anew.
    """
    found = ask_swimlane(connection, choices)
    rows = lane_rows(found)
    places = shown_buckets(found)
    starts_at = found.buckets[places[0]] if places else found.ends_at
    at_load = st.session_state.setdefault("cell_at_load", st.query_params.get("cell", ""))
    st.html(f'<p class="tt-p tt-channel">{found.by}s abnormal at once</p>')
    chart(
        abnormal_at_once(most_at_once(found)),
        {"overall": stacked_rows(found)},
        key="overall",
        alt_text=f"number of abnormal {found.by}s over time",
    )
    chosen = choosing_chart(
        swimlane(lane_order(found, worst_first=worst_first), picked_mark(cell_named(at_load), rows)),
        {"lanes": rows, "changes": change_rows(found.model_changes, starts_at, found.ends_at, choices.then)},
        key=f"swimlane_{found.by}",
        alt_text=f"worst severity by {found.by} and time",
        selection=SELECTION,
    )
    if chosen:
        address = Cell(lane=chosen["lane"], start=datetime.fromtimestamp(chosen["start"] / 1000, UTC)).address()
        if address != st.query_params.get("cell"):
            st.query_params["cell"] = address
            st.rerun()


def _cell(connection: Connection, choices: Choices) -> None:
    cell = cell_named(st.query_params.get("cell"))
    if cell is None:
        empty("Choose a cell to see its verdicts and readings.")
        return
    show_cell(connection, choices, ask_swimlane(connection, choices), cell)


def _no_data(found: Swimlane, choices: Choices) -> None:
    """Say where data are, with the way there."""
    if choices.as_of and found.data_starts_at is None:
        empty(
            f"<b>Nothing was known by {clock(choices.as_of, now())}.</b><br>The first reading came into the log later."
        )
        return
    if found.data_starts_at is None or found.data_ends_at is None:
        empty("<b>No data yet.</b><br>Readings come from a file, over HTTP or from simulated machines.")
        st.code("telltale simulate --history 2h\ntelltale ingest csv FILE --time COLUMN --profile NAME", language=None)
        return
    span, today = choices.range_now(), now()
    where = f"{clock(span.starts_at, today)} and {clock(span.ends_at, today)}"
    first, last = clock(found.data_starts_at, today), clock(found.data_ends_at, today)
    empty(f"<b>No data between {where}.</b><br>Data exist from {first} to {last}.")
    if st.button(f"Go to the end of the data, {last}", key="go"):
        until = datetime.fromtimestamp(found.data_ends_at.timestamp() // 60 * 60 + 60, UTC)
        st.query_params["until"] = moment_text(until)
        st.rerun()


if __name__ == "__main__":
    show()
