"""Who is champion of each line, since when and why; what the gate refused, with its numbers."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Final

import streamlit as st

from dashboard.answers.models import Reign, Rejection, Timeline
from dashboard.charts.models import reigns
from dashboard.frame.choices import Choices
from dashboard.look.formats import UNKNOWN, clock, many, span
from dashboard.memory import now
from dashboard.models.budgets import broken_text
from dashboard.parts.chart import Rows, chart
from dashboard.parts.words import heading, table, tag

LONGEST: Final = timedelta(days=14)
"""How far back the chart goes; the table says since when."""

NAMED_FROM: Final = 0.09
"""Part of the chart's width that a past model's name needs."""

RIGHT_PX: Final = 116
"""Room for the champions' names right of their bars."""

MOST_ROWS: Final = 6


def show_champions(timelines: Mapping[str, Timeline], choices: Choices) -> None:
    """Draw the lines, then a table of the reigns that last, and of how each came about."""
    at = choices.as_of or now()
    heading("Champions", "blue: scoring now · grey: scored before")
    ruled = {name: timeline for name, timeline in timelines.items() if timeline.reigns}
    if not ruled:
        names = ", ".join(escape(name) for name in timelines)
        st.html(f'<p class="tt-p"><b>Nobody is champion.</b> {names}: trained, never promoted. Nothing is judged.</p>')
        return
    rows = reign_rows(ruled, at)
    reach = max((at - row["from"] for row in rows if isinstance(row["from"], datetime)), default=LONGEST)
    chart(
        reigns(lines=len(ruled), reach=reach),
        {"reigns": rows},
        key="reigns",
        alt_text="which model was champion when, by line",
        right=RIGHT_PX,
    )
    table(
        ["champion", "for", "since", "promoted by", "because"],
        [
            _champion_row(timeline.reigns[-1], at, choices)
            for timeline in sorted(ruled.values(), key=lambda one: one.reigns[-1].starts_at, reverse=True)
        ],
    )


def show_changes(timelines: Mapping[str, Timeline], choices: Choices) -> None:
    """Write promotions that ended a reign and promotions that were refused, newest first."""
    before = [reign for timeline in timelines.values() for reign in timeline.reigns[:-1]]
    refused = [rejection for timeline in timelines.values() for rejection in timeline.rejections]
    rows = [(reign.starts_at, _past_row(reign, choices)) for reign in before]
    rows += [(rejection.rejected_at, _refused_row(rejection, choices)) for rejection in refused]
    if not rows:
        return
    note = f"{many(len(before), 'promotion')}, {many(len(refused), 'refusal')}"
    heading("Before, and refused", note)
    shown = sorted(rows, key=lambda row: row[0], reverse=True)[:MOST_ROWS]
    table(["at", "", "by", "because"], [cells for _, cells in shown])
    if len(rows) > len(shown):
        st.html(f'<p class="tt-p">The newest {len(shown)} of {len(rows)}. All: telltale models timeline PROFILE</p>')


def reign_rows(timelines: Mapping[str, Timeline], at: datetime) -> Rows:
    """Return the chart's rows: the last LONGEST of each line, ending at `at`."""
    first = min(reign.starts_at for timeline in timelines.values() for reign in timeline.reigns)
    begins = max(first, at - LONGEST)
    whole = max((at - begins).total_seconds(), 1.0)
    return [
        {
            "line": name,
            "model": reign.model,
            "from": max(reign.starts_at, begins),
            "to": ends,
            "champion": reign is timeline.reigns[-1],
            "name": reign.model if (ends - max(reign.starts_at, begins)).total_seconds() / whole > NAMED_FROM else "",
            "because": reign.because,
        }
        for name, timeline in timelines.items()
        for reign in timeline.reigns
        for ends in (reign.ends_at or at,)
        if ends > begins or reign is timeline.reigns[-1]
    ]


def _champion_row(reign: Reign, at: datetime, choices: Choices) -> Sequence[str]:
    return [
        f"<b>{escape(reign.model)}</b>{_tags(reign)}{_later(reign.starts_at, choices)}",
        span(at - reign.starts_at),
        clock(reign.starts_at, now()),
        escape(reign.actor) or UNKNOWN,
        f'<span class="muted">“{escape(reign.because)}”</span>',
    ]


def _past_row(reign: Reign, choices: Choices) -> Sequence[str]:
    instead = f" instead of {escape(reign.replaces)}" if reign.replaces else ""
    return [
        f"{_unbroken(clock(reign.starts_at, now()))}{_later(reign.starts_at, choices)}",
        f"<b>{escape(reign.model)}</b> champion{instead}{_tags(reign)}",
        _unbroken(reign.actor),
        f'<span class="muted">“{escape(reign.because)}”</span>',
    ]


def _refused_row(rejection: Rejection, choices: Choices) -> Sequence[str]:
    broken = "; ".join(broken_text(check) for check in rejection.checks if not check.kept)
    why = broken or f"never compared with {rejection.against}"
    return [
        f"{_unbroken(clock(rejection.rejected_at, now()))}{_later(rejection.rejected_at, choices)}",
        f"<b>{escape(rejection.model)}</b> {tag('refused', 'ink')}<small>{escape(why)}</small>",
        _unbroken(rejection.actor),
        f'<span class="muted">“{escape(rejection.because)}”</span>',
    ]


def _unbroken(text: str) -> str:
    return f'<span class="nowrap">{escape(text)}</span>'


def _tags(reign: Reign) -> str:
    forced = " " + tag("against the gate", "ink") if reign.forced else ""
    return forced + (" " + tag("rolled back") if reign.rollback else "")


def _later(at: datetime, choices: Choices) -> str:
    return "<br>" + tag("then: not known", "accent") if choices.then is not None and at > choices.then else ""
