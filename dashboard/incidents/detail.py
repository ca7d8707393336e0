"""One incident: what is wrong in figures, the channel over time, and its story."""

from datetime import timedelta
from html import escape
from typing import Final

import streamlit as st

from dashboard.answers.incidents import Incident, IncidentInFull
from dashboard.answers.machines import ReadingSeries
from dashboard.answers.verdicts import Verdict
from dashboard.charts.channel import channel
from dashboard.client import ApiError
from dashboard.connection import Connection
from dashboard.frame.arrival import way_to, way_to_sensor
from dashboard.frame.choices import Choices, moment_text
from dashboard.incidents.asking import ask_worst
from dashboard.incidents.rows import judgement_text, kinds_text, lasting, state_html
from dashboard.incidents.timeline import show_timeline
from dashboard.look.formats import clock
from dashboard.look.palette import SEVERITY_LIMITS
from dashboard.memory import now
from dashboard.parts.chart import chart
from dashboard.parts.words import heading, mono, severity
from dashboard.reasons import explain, sensor_name, summary
from dashboard.sensor.rows import channel_rows, digits_of, verdict_rows

BEFORE: Final = timedelta(minutes=20)
"""How much of the time before the incident the chart shows."""
LONGEST: Final = timedelta(hours=3)
"""At most so much of the incident is in the chart, the newest of it."""


def show_head(connection: Connection, choices: Choices, full: IncidentInFull) -> None:
    """Write name, figures and the chart of the channel that is the reason."""
    incident = full.incident
    note = f"{severity(incident.severity)}{escape(incident.severity)} · {state_html(incident)}"
    heading(f"{incident.machine_id} · {kinds_text(incident)}", note)
    worst = ask_worst(connection, choices, incident)
    reason = explain(connection, [worst])[worst.event_id] if worst else None
    lasts = f"For {lasting(incident, choices.as_of or now())}, since {clock(incident.began_at, now())}."
    if incident.ended_at:
        since = clock(incident.began_at, now())
        lasts = f"Lasted {lasting(incident, now())}, from {since} to {clock(incident.ended_at, now())}."
    said = ""
    if worst:
        who, why = summary(worst, reason)
        said = f"<b>{escape(who)}</b>: {escape(why)}. "
    st.html(f'<p class="tt-p tt-said">{said}{lasts} {_handling(incident)}</p>')
    if worst and reason:
        _show_chart(connection, choices, incident, worst, reason.channel)


def show_links(connection: Connection, choices: Choices, incident: Incident) -> None:
    """Write the ways to the reasons and to the machine at that time."""
    worst = ask_worst(connection, choices, incident)
    way = way_to(worst) if worst else way_to_sensor(incident.machine_id, incident.sensor_id)
    # What is over is looked at where it was: without an end the range would end now.
    when = {"until": moment_text(incident.ended_at + timedelta(minutes=5))} if incident.ended_at else {}
    with st.container(horizontal=True, gap="small", key="incident_links"):
        st.page_link("views/sensor.py", label="Why? The sensor at that time →", query_params={**way, **when})


def show_story(full: IncidentInFull) -> None:
    """Write what happened, newest first, and how to say it elsewhere."""
    show_timeline(full.history)
    incident = full.incident
    where = f"{mono(incident.incident_id, 'muted')} · judged by {mono(incident.model, 'muted')}"
    st.html(f'<p class="tt-p">{SEVERITY_LIMITS} {where}</p>')


def _handling(incident: Incident) -> str:
    if incident.handling == "resolved":
        cause = f": “{escape(incident.cause)}”" if incident.cause else ""
        by = f"{escape(incident.handled_by or 'somebody')}, {clock(incident.handled_at, now())}"
        return f"Judged <b>{judgement_text(incident.judgement)}</b> by {by}{cause}."
    if incident.assignee:
        return f"It is <b>{escape(incident.assignee)}</b>'s."
    return "Nobody has taken it on."


def _show_chart(connection: Connection, choices: Choices, incident: Incident, worst: Verdict, name: str) -> None:
    ends_at = min(incident.ended_at + BEFORE if incident.ended_at else now(), choices.as_of or now())
    starts_at = max(incident.began_at - BEFORE, ends_at - LONGEST)
    try:
        series = connection.memory.ask(
            f"incident readings|{incident.incident_id}|{worst.sensor_id}|{choices.as_of}",
            lambda: connection.api.readings(
                machine_id=worst.machine_id,
                sensor_id=worst.sensor_id,
                starts_at=starts_at,
                ends_at=ends_at,
                points=240,
                as_of=choices.as_of,
            ),
            fresh_for_s=1.5,
        ).value
        near = connection.memory.ask(
            f"incident verdicts|{incident.incident_id}|{worst.sensor_id}|{choices.as_of}",
            lambda: connection.api.verdicts(
                machine_id=worst.machine_id,
                sensor_id=worst.sensor_id,
                starts_at=starts_at,
                ends_at=ends_at,
                as_of=choices.as_of,
            ),
            fresh_for_s=1.5,
        ).value
    except ApiError:
        return
    _draw(series, near, name)


def _draw(series: ReadingSeries, near: tuple[Verdict, ...], name: str) -> None:
    known = next((one for one in series.channels if one.name == name), None)
    if known is None:
        return
    who = escape(sensor_name(series.machine_id, series.sensor_id))
    unit = f" {escape(known.unit)}" if known.unit else ""
    st.html(f'<p class="tt-p tt-channel"><span><b>{escape(name)}</b>{unit}, {who} · grey is expected</span></p>')
    chart(
        channel(last=True, height=120, digits=digits_of(known), ticks=4),
        {"readings": channel_rows(series, known), "verdicts": verdict_rows(near, name), "changes": []},
        key="incident_channel",
        alt_text=f"{name} with its expected band, since before the incident",
    )
