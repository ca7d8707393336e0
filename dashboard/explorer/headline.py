"""The newest worst verdict in one sentence: which machine, which sensor, which channel, why. Nobody has to click."""

from datetime import UTC, datetime, timedelta
from html import escape
from typing import Final

import streamlit as st

from dashboard.answers.incidents import Incident
from dashboard.answers.operations import Freshness
from dashboard.answers.swimlane import Swimlane
from dashboard.answers.verdicts import Verdict
from dashboard.client import ApiError
from dashboard.connection import Connection
from dashboard.explorer.lanes import Cell, worst_cell
from dashboard.frame.arrival import way_to
from dashboard.frame.choices import Choices
from dashboard.frame.freshness import ask_freshness
from dashboard.frame.judging import all_is_judged
from dashboard.incidents.asking import PARAMETER
from dashboard.look.formats import clock, many, span
from dashboard.memory import now
from dashboard.parts.words import mono, quiet, severity, tag
from dashboard.reasons import explain, summary
from dashboard.sensor.asking import newest_worst

LATEST: Final = datetime.max.replace(tzinfo=UTC)

_NAMED: Final = 3
"""Other lanes told by name in the headline; the swimlane below shows them all."""


def show_headline(connection: Connection, choices: Choices, swimlane: Swimlane) -> None:
    """Write the sentence and the way to its reasons, or that all is quiet."""
    cell = worst_cell(swimlane)
    verdict = verdict_of_cell(connection, choices, swimlane, cell) if cell else None
    if verdict is None:
        quiet(quiet_line(ask_freshness(connection).value, choices, swimlane))
        return
    who, why = summary(verdict, explain(connection, [verdict])[verdict.event_id])
    notes = (
        _later(verdict, choices),
        _when(verdict, choices),
        abnormal_since(swimlane, cell),
        mono(verdict.model.model),
        others(swimlane, cell),
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="headline"):
        st.html(
            f'<div class="tt-news">{severity(verdict.severity)}<div><b>{escape(who)}</b>: {escape(why)}'
            f"<small>{' · '.join(filter(None, notes))}</small>"
            "</div></div>"
        )
        st.page_link(
            "views/sensor.py",
            label="Why? →",
            query_params=way_to(verdict),
            width="content",
        )
        incident = incident_of(connection, choices, verdict)
        if incident:
            st.page_link(
                "views/incidents.py",
                label="Incident →",
                query_params={PARAMETER: incident.incident_id},
                width="content",
            )


def incident_of(connection: Connection, choices: Choices, verdict: Verdict) -> Incident | None:
    """Return the incident that the verdict belongs to, if the API knows it."""
    try:
        found = connection.memory.ask(
            f"incidents of|{verdict.machine_id}|{choices.as_of}",
            lambda: connection.api.incidents(needs_someone=False, machine_id=verdict.machine_id, as_of=choices.as_of),
            fresh_for_s=1.5,
        ).value
    except ApiError:
        return None
    return next((one for one in found if one.began_at <= verdict.recorded_at <= (one.ended_at or LATEST)), None)


def verdict_of_cell(connection: Connection, choices: Choices, swimlane: Swimlane, cell: Cell | None) -> Verdict | None:
    """Return the newest of the cell's verdicts of the worst severity, from the sensor that has most of them."""
    if cell is None:
        return None
    where = (
        {"machine_id": cell.lane}
        if swimlane.by == "machine"
        else {"machine_id": choices.machine, "sensor_id": cell.lane}
    )
    answered = connection.memory.ask(
        choices.question("headline"),
        lambda: connection.api.verdicts(
            **where,
            starts_at=cell.start,
            ends_at=cell.start + timedelta(seconds=swimlane.bucket_s),
            as_of=choices.as_of,
        ),
    )
    return newest_worst(answered.value)


def quiet_line(fresh: Freshness, choices: Choices, swimlane: Swimlane) -> str:
    """Return the sentence that nothing is wrong, with its proof of life."""
    if choices.as_of:
        known = clock(choices.as_of, now())
        return f"<b>Quiet.</b> {many(len(swimlane.lanes), swimlane.by)}. Nothing abnormal was known by {known}."
    found = f"{many(fresh.sensors, 'sensor')} on {many(fresh.machines, 'machine')}"
    if not choices.moving or choices.stale or fresh.last_reading_known_at is None:
        return f"<b>Nothing abnormal</b> in this range. {found}."
    if not all_is_judged(fresh):
        return f"<b>Nothing abnormal was found</b> so far. {found}; not every reading is judged and shown."
    return f"<b>Quiet.</b> {found}, last reading {span(fresh.now - fresh.last_reading_known_at)} ago."


def _when(verdict: Verdict, choices: Choices) -> str:
    at = clock(verdict.recorded_at, now())
    return f"{at}, {span(now() - verdict.recorded_at)} ago" if choices.moving and not choices.stale else at


def _later(verdict: Verdict, choices: Choices) -> str:
    """Return the mark of a verdict that was not known at the earlier time one looks back to."""
    return tag("then: not known", "accent") if choices.then and verdict.known_at > choices.then else ""


def abnormal_since(swimlane: Swimlane, cell: Cell | None) -> str:
    """Return since when the cell's lane has been abnormal without a break: an outlier, or something that lasts."""
    lane = next((lane for lane in swimlane.lanes if cell and lane.name == cell.lane), None)
    if lane is None or cell is None:
        return ""
    first = last = swimlane.buckets.index(cell.start)
    while first > 0 and lane.anomalies[first - 1]:
        first -= 1
    share = f"{lane.anomalies[last]:,} of the newest {many(lane.readings[last], 'reading')}"
    return f"abnormal since {swimlane.buckets[first]:%H:%M}, {share}"


def others(swimlane: Swimlane, cell: Cell | None) -> str:
    """Return which other lanes are abnormal at the same time, and how many more were so earlier."""
    if cell is None:
        return ""
    place = swimlane.buckets.index(cell.start)
    beside = [lane for lane in swimlane.lanes if lane.worst_score is not None and lane.name != cell.lane]
    at_once = [lane.name for lane in beside if lane.anomalies[place]]
    named = ", ".join(at_once[:_NAMED]) + (f" and {len(at_once) - _NAMED} more" if len(at_once) > _NAMED else "")
    earlier = len(beside) - len(at_once)
    told = (f"also {named}" if at_once else "", f"{many(earlier, f'more {swimlane.by}')} earlier" if earlier else "")
    return " · ".join(filter(None, told))
