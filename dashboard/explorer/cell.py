"""What is in the chosen cell: its verdicts, and small charts of the sensor around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Final

import streamlit as st

from dashboard.answers.machines import ReadingSeries
from dashboard.answers.swimlane import Lane, Swimlane
from dashboard.answers.verdicts import Verdict
from dashboard.charts.channel import channel
from dashboard.connection import Connection
from dashboard.explorer.lanes import Cell
from dashboard.frame.arrival import way_to
from dashboard.frame.choices import Choices
from dashboard.look.formats import clock, from_to, many, short_kind, times, width
from dashboard.look.palette import rank
from dashboard.memory import now
from dashboard.parts.chart import chart
from dashboard.parts.layout import split
from dashboard.parts.words import empty, heading, mono, severity, table, tag
from dashboard.reasons import Reason, explain, leading_channels, sensor_name
from dashboard.sensor.rows import change_rows, channel_rows, digits_of, verdict_rows

MOST_ROWS: Final = 10
AROUND_CELLS: Final = 10
"""Cells before and after the chosen one in the small charts."""
MOST_CHARTS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The chosen cell with what is in it, newest verdict first."""

    cell: Cell
    lane: Lane
    ends_at: datetime
    readings: int
    not_judged: int
    abnormal: int
    verdicts: tuple[Verdict, ...]

    @property
    def worst(self) -> Verdict:
        """Return the verdict with the largest score."""
        return max(self.verdicts, key=lambda verdict: verdict.score)


def show_cell(connection: Connection, choices: Choices, swimlane: Swimlane, cell: Cell) -> None:
    """Write the cell's verdicts and charts, or why there are none."""
    opened = _open(connection, choices, swimlane, cell)
    ends_at = cell.start + timedelta(seconds=swimlane.bucket_s)
    title = f"{cell.lane}, {from_to(cell.start, ends_at, now())}"
    if opened is None:
        empty(f"<b>{escape(title)}</b> is not in this range.")
        return
    if not opened.verdicts:
        said = _nothing_abnormal(opened)
        empty(f"<b>{escape(title)}</b>: {said}.")
        return
    left, right = split([11, 9], key="cell")
    with left:
        counted = f"{opened.abnormal:,} of {many(opened.readings, 'reading')} abnormal"
        heading(title, f"{counted}, worst {times(opened.worst.score)}")
        _verdicts(connection, choices, opened)
    with right:
        _charts(connection, choices, swimlane, opened)


def _nothing_abnormal(opened: Opened) -> str:
    if not opened.readings:
        return "no reading came"
    if opened.not_judged >= opened.readings:
        return f"{many(opened.readings, 'reading')}, none of them judged: no model was in force, or they came late"
    rest = f"; {opened.not_judged:,} of them not judged" if opened.not_judged else ""
    return f"{many(opened.readings, 'reading')}, none abnormal{rest}"


def _open(connection: Connection, choices: Choices, swimlane: Swimlane, cell: Cell) -> Opened | None:
    lane = next((known for known in swimlane.lanes if known.name == cell.lane), None)
    if lane is None or cell.start not in swimlane.buckets:
        return None
    ends_at = cell.start + timedelta(seconds=swimlane.bucket_s)
    answered = connection.memory.ask(
        choices.question("cell", cell.address()),
        lambda: connection.api.verdicts(
            machine_id=lane.machine_id,
            sensor_id=lane.sensor_id,
            starts_at=cell.start,
            ends_at=ends_at,
            as_of=choices.as_of,
        ),
    )
    place = swimlane.buckets.index(cell.start)
    return Opened(
        cell=cell,
        lane=lane,
        ends_at=ends_at,
        readings=lane.readings[place],
        not_judged=lane.not_judged[place],
        abnormal=lane.anomalies[place],
        verdicts=answered.value,
    )


def _verdicts(connection: Connection, choices: Choices, opened: Opened) -> None:
    """Write the worst verdicts in the order of time, and the way to their reasons."""
    shown = sorted(opened.verdicts, key=lambda found: (-rank(found.severity), -found.score))[:MOST_ROWS]
    shown = sorted(shown, key=lambda found: found.recorded_at)
    reasons = explain(connection, shown)
    table(
        ["", "at", "sensor", "kind", "channel", "value", "expected", "score", "position"],
        [_row(verdict, reasons[verdict.event_id], choices) for verdict in shown],
        right=(5, 6, 7),
    )
    if len(shown) < opened.abnormal:
        st.html(f'<p class="tt-p">The {len(shown)} largest scores of {opened.abnormal:,}.</p>')
    worst = opened.worst
    st.page_link(
        "views/sensor.py",
        label=f"Why? {worst.sensor_id}, {clock(worst.recorded_at, now())} →",
        query_params=way_to(worst),
    )


def _row(verdict: Verdict, reason: Reason | None, choices: Choices) -> list[str]:
    later = choices.known_at is not None and verdict.known_at > choices.known_at
    return [
        severity(verdict.severity),
        f"{clock(verdict.recorded_at, now())}{'<br>' + tag('then: not known', 'accent') if later else ''}",
        escape(verdict.sensor_id),
        escape(short_kind(verdict.kind)),
        f"<b>{escape(reason.channel)}</b>" if reason else "–",
        escape(reason.measured_text) if reason else "–",
        escape(reason.expected_text) if reason else "–",
        times(verdict.score),
        mono(verdict.position, "muted"),
    ]


def _charts(connection: Connection, choices: Choices, swimlane: Swimlane, opened: Opened) -> None:
    """Draw the channels of the worst verdict's sensor around the cell, its leading channels first."""
    worst = opened.worst
    around = timedelta(seconds=AROUND_CELLS * swimlane.bucket_s)
    starts_at, ends_at = opened.cell.start - around, min(opened.ends_at + around, choices.range_now().ends_at)
    series = connection.memory.ask(
        choices.question("around", opened.cell.address(), worst.sensor_id),
        lambda: connection.api.readings(
            machine_id=worst.machine_id,
            sensor_id=worst.sensor_id,
            starts_at=starts_at,
            ends_at=ends_at,
            points=160,
            as_of=choices.as_of,
        ),
    ).value
    near = connection.memory.ask(
        choices.question("near", opened.cell.address(), worst.sensor_id),
        lambda: connection.api.verdicts(
            machine_id=worst.machine_id,
            sensor_id=worst.sensor_id,
            starts_at=starts_at,
            ends_at=ends_at,
            as_of=choices.as_of,
        ),
    ).value
    heading(sensor_name(worst.machine_id, worst.sensor_id), f"{width(around.total_seconds())} before and after")
    grid = st.columns(2, gap="medium")
    for place, name in enumerate(_shown_channels(series, worst)):
        with grid[place % 2]:
            _small_chart(series, near, name, swimlane, opened)


def _shown_channels(series: ReadingSeries, worst: Verdict) -> list[str]:
    leading = leading_channels(worst)
    ordered = sorted(series.channels, key=lambda known: (known.name not in leading, known.role == "condition"))
    return [known.name for known in ordered][:MOST_CHARTS]


def _small_chart(series: ReadingSeries, near: Sequence[Verdict], name: str, swimlane: Swimlane, opened: Opened) -> None:
    known = next(one for one in series.channels if one.name == name)
    unit = f", {escape(known.unit)}" if known.unit else ""
    st.html(f'<p class="tt-p tt-channel"><span><b>{escape(name)}</b>{unit}</span></p>')
    chart(
        channel(last=True, height=72, digits=digits_of(known), ticks=3, window=True),
        {
            "readings": channel_rows(series, known),
            "verdicts": verdict_rows(near, name),
            "changes": change_rows(swimlane.model_changes, series.starts_at, series.ends_at),
            "window": [{"at": opened.cell.start, "end": opened.ends_at}],
        },
        key=f"near_{name}",
        alt_text=f"{name} around {opened.cell.start:%H:%M}",
    )
