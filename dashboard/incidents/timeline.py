"""The story of an incident: what the machine did and what people said, newest first."""

from html import escape
from typing import Final

import streamlit as st

from dashboard.answers.incidents import IncidentStep
from dashboard.incidents.rows import judgement_text
from dashboard.look.formats import clock, kind_name, times
from dashboard.memory import now

BY_PERSON: Final = {
    "IncidentAcknowledged": "acknowledged",
    "IncidentAssigned": "assigned",
    "IncidentCommented": "comment",
    "IncidentResolved": "judged",
    "IncidentReopened": "reopened",
}


def show_timeline(history: tuple[IncidentStep, ...]) -> None:
    """Write it; a person's step has the person's colour."""
    items = "".join(_item(step) for step in reversed(history))
    st.html(f'<ul class="tt-time">{items}</ul>')


def _item(step: IncidentStep) -> str:
    at = clock(step.happened_at or step.known_at, now())
    return f'<li class="{_kind(step)}"><span>{at}</span><span title="{escape(step.position)}">{_told(step)}</span></li>'


def _kind(step: IncidentStep) -> str:
    if step.event in BY_PERSON:
        return "person"
    if step.event == "IncidentEnded":
        return ""
    return "worse" if step.severity == "critical" else "fact"


def _told(step: IncidentStep) -> str:
    """Return the step in words; an event of tomorrow by its name."""
    if step.event in BY_PERSON:
        return _said(step)
    if step.event == "IncidentEnded":
        return "<b>ended</b>: no alarm since"
    kinds = ", ".join(kind_name(kind) for kind in step.kinds or ())
    channels = ", ".join(step.channels or ())
    facts = [
        "<b>opened</b>" if step.event == "IncidentOpened" else "",
        f"severity <b>{escape(step.severity)}</b>" if step.severity else "",
        f"kind {escape(kinds)}" if kinds else "",
        escape(channels),
        f"{times(step.score)} its threshold" if step.score is not None else "",
    ]
    return ", ".join(filter(None, facts)) or escape(step.event)


def _said(step: IncidentStep) -> str:
    who, said = escape(step.actor or "somebody"), f": {escape(step.said)}" if step.said else ""
    match step.event:
        case "IncidentResolved":
            return f"<b>{judgement_text(step.judgement)}</b>, judged by {who}{said}"
        case "IncidentAssigned":
            return f"<b>assigned</b> to {escape(step.said or 'nobody')} by {who}"
        case "IncidentCommented":
            return f"{who}{said}"
        case _:
            return f"<b>{BY_PERSON[step.event]}</b> by {who}{said}"
