"""One incident as a row of the list."""

from collections.abc import Mapping
from datetime import datetime
from html import escape

from dashboard.answers.incidents import Incident
from dashboard.look.formats import clock, kind_name, span, times
from dashboard.memory import now
from dashboard.parts.words import severity, tag
from dashboard.reasons import sensor_name


def row_html(incident: Incident, then: Mapping[str, Incident] | None, moment: datetime) -> str:
    """Return the row as it is at `moment`; `then`: what was known earlier, to mark what was otherwise."""
    who = incident.assignee or incident.handled_by
    named = f"<small>{escape(who)}</small>" if who else ""
    return (
        f'<div class="tt-row">{severity(incident.severity)}'
        f'<span class="m">{escape(incident.machine_id)}<small>{kinds_text(incident)}</small></span>'
        f'<span class="w"><b>{escape(what_text(incident))}</b><small>{_remark(incident)}</small></span>'
        f'<span class="state">{state_html(incident)}{_then(incident, then)}{named}</span>'
        f'<span class="since">{lasting(incident, moment)}<small>{clock(incident.began_at, now())}</small></span></div>'
    )


def what_text(incident: Incident) -> str:
    """Return the channels that are abnormal; else the sensor."""
    return ", ".join(incident.channels) or incident.sensor_id


def kinds_text(incident: Incident) -> str:
    """Return the kinds in words: `shift, isolation forest`."""
    return escape(", ".join(kind_name(kind) for kind in incident.kinds))


def state_html(incident: Incident) -> str:
    """Return how it is handled, as a tag."""
    if incident.worse:
        return tag("worse since", "ink")
    if incident.handling == "resolved":
        return tag(judgement_text(incident.judgement))
    if not incident.active:
        return tag("ended, not judged", "dashed")
    return tag("acknowledged", "accent") if incident.handling == "acknowledged" else tag("new", "ink")


def judgement_text(judgement: str | None) -> str:
    """Return `true alarm`."""
    return (judgement or "").replace("_", " ")


def lasting(incident: Incident, moment: datetime) -> str:
    """Return for how long it has lasted, or did."""
    return span((incident.ended_at or max(moment, incident.began_at)) - incident.began_at)


def _remark(incident: Incident) -> str:
    worst = f"{times(incident.score)} its threshold at most"
    late = " · found in late readings" if incident.late else ""
    of_sensor = sensor_name(incident.machine_id, incident.sensor_id).removeprefix(f"{incident.machine_id} · ")
    return f"{worst} · first at {escape(of_sensor)}{late}"


def _then(incident: Incident, then: Mapping[str, Incident] | None) -> str:
    if then is None:
        return ""
    before = then.get(incident.incident_id)
    if before is None:
        return "<br>" + tag("then: not known", "accent")
    changed = [
        text
        for text, differs in (
            (before.severity, before.severity != incident.severity),
            (before.handling, before.handling != incident.handling),
        )
        if differs
    ]
    return "<br>" + tag(f"then: {', '.join(changed)}", "accent") if changed else ""
