"""Channels stacked over one time axis, the score below them."""

from datetime import datetime
from html import escape
from itertools import groupby

import streamlit as st

from dashboard.answers.machines import ChannelSeries, ReadingSeries
from dashboard.answers.verdicts import Verdict
from dashboard.charts.channel import channel
from dashboard.charts.score import score_strip, ticks_for
from dashboard.frame.choices import Choices
from dashboard.look.formats import clock, number
from dashboard.memory import now
from dashboard.parts.chart import Rows, chart
from dashboard.parts.words import empty
from dashboard.sensor.asking import Seen
from dashboard.sensor.rows import beyond_rows, change_rows, channel_rows, digits_of, latest, score_rows, verdict_rows

CONDITION = "condition"
MOST_GAPS_TOLD = 3


def show_channels(seen: Seen, choices: Choices, explained: Verdict | None) -> None:
    """Draw every channel with band, line and verdicts, then the score over its threshold."""
    series = seen.series
    if not any(series.counts):
        empty(_no_readings(seen))
        return
    changes = change_rows(seen.changes, series.starts_at, series.ends_at, choices.then)
    for one in series.channels:
        _channel_line(one, explained)
        chart(
            channel(last=False, height=62 if one.role == CONDITION else 84, digits=digits_of(one)),
            {
                "readings": channel_rows(series, one),
                "verdicts": verdict_rows(seen.verdicts, one.name),
                "changes": changes,
            },
            key=f"channel_{one.name}",
            alt_text=f"{one.name} with its expected band and verdicts",
        )
    _score(seen, changes)
    st.html(f'<p class="tt-p">{gaps_told(seen)}</p>')


def _channel_line(one: ChannelSeries, explained: Verdict | None) -> None:
    judged = explained is None or one.name in explained.contribution
    role = "" if judged else "sets the expectation, not judged" if one.role == CONDITION else "not judged"
    digits = digits_of(one)
    st.html(
        f'<p class="tt-p tt-channel"><b>{escape(one.name)}</b> {escape(one.unit)} <span class="faint">{role}</span>'
        f'<span class="now"><b>{number(latest(one.mean), digits=digits)}</b>\u202f{escape(one.unit)}</span></p>'
    )


def _score(seen: Seen, changes: Rows) -> None:
    scores = [score for score in seen.series.scores if score is not None]
    ticks = st.session_state.get("score_ticks")
    if ticks is None or ticks_for(scores) != ticks:
        # Widened when a score leaves it, never narrowed while the page is open: a jumping axis can't be read.
        ticks = ticks_for(scores) if ticks is None else ticks_for([*scores, 9.0])
        st.session_state["score_ticks"] = ticks
    st.html(
        '<p class="tt-p tt-channel"><b>score</b> × threshold <span class="faint">abnormal above 1, log scale</span>'
        f'<span class="now"><b>{number(latest(seen.series.scores), digits=2)}</b>\u202f×</span></p>'
    )
    chart(
        score_strip(ticks),
        {
            "score": score_rows(seen.series),
            "beyond": beyond_rows(seen.series, ticks[-1]),
            "limit": [{"ratio": 1.0}],
            "changes": changes,
        },
        key="score",
        alt_text="score over its threshold",
    )


def gaps_told(seen: Seen) -> str:
    """Return where the line breaks, in words."""
    gaps = gaps_of(seen.series)
    if not gaps:
        return "Every reading of this range came; a line would break where none did."
    told = ", ".join(f"{clock(begins)}–{clock(ends)}" for begins, ends in gaps[:MOST_GAPS_TOLD])
    more = f" and {len(gaps) - MOST_GAPS_TOLD} more" if len(gaps) > MOST_GAPS_TOLD else ""
    return f"A line that breaks: no reading came ({told}{more})."


def gaps_of(series: ReadingSeries) -> list[tuple[datetime, datetime]]:
    """Return from when to when no reading came; entries without a reading that follow each other are one gap."""
    gaps = []
    for empty_run, entries in groupby(zip(series.times, series.counts, strict=True), key=lambda entry: entry[1] == 0):
        times = [at for at, _ in entries]
        if empty_run:
            gaps.append((times[0], next((at for at in series.times if at > times[-1]), series.ends_at)))
    return gaps


def _no_readings(seen: Seen) -> str:
    series, today = seen.series, now()
    where = f"{clock(series.starts_at, today)} and {clock(series.ends_at, today)}"
    if series.data_starts_at is None:
        return f"<b>No reading between {where}.</b><br>This sensor has not said anything yet."
    data = f"{clock(series.data_starts_at, today)} to {clock(series.data_ends_at, today)}"
    return f"<b>No reading between {where}.</b><br>This sensor's readings are from {data}."
