"""Scores of both models against each other, coloured by what is known of the reading."""

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from dashboard.answers.models import ModelsDiff, ScoreGroup
from dashboard.charts.models import FALSE_ALARM, FAULT, ORDINARY, QUADRANTS, UNLABELLED, scatter
from dashboard.charts.score import ticks_for
from dashboard.parts.chart import Rows, chart

NAMES: Final[Mapping[str, str]] = {
    "fault": FAULT,
    "false_alarm": FALSE_ALARM,
    "unlabelled_alarm": UNLABELLED,
    "ordinary": ORDINARY,
}


def show_scores(diff: ModelsDiff) -> None:
    """Draw the dots and say of how many readings they are a sample."""
    groups = diff.report.scores
    if not any(group.sample for group in groups.values()):
        st.html(
            '<p class="tt-p">This comparison kept no single scores: it is of an earlier version, or no reading was '
            "judged by both. Comparing again keeps them.</p>"
        )
        return
    ticks = ticks_for([score for group in groups.values() for pair in group.sample for score in pair])
    edge = ticks[-1]
    words = [{"a": edge**a, "b": edge**b, "word": word.format(a=diff.a, b=diff.b)} for a, b, word in QUADRANTS]
    chart(
        scatter(diff.a, diff.b, ticks=ticks),
        {"scores": score_rows(groups, ticks), "limit": [{"ratio": 1.0}], "quadrants": words},
        key="scatter",
        alt_text="scores of both models, one dot a reading, coloured by label",
    )
    told = " · ".join(
        f"{NAMES.get(name, name)} {len(group.sample):,} of {group.readings:,}"
        for name, group in groups.items()
        if group.readings
    )
    st.html(f'<p class="tt-p">One dot a reading, a sample by its position in the log: {told}.</p>')


def score_rows(groups: Mapping[str, ScoreGroup], ticks: Sequence[float]) -> Rows:
    """Return a row per dot, those of interest last so that they lie above; beyond the axes at their edge."""
    last = len(NAMES)
    return [
        {
            "a": min(max(champion, ticks[0]), ticks[-1]),
            "b": min(max(challenger, ticks[0]), ticks[-1]),
            "label": NAMES.get(name, ORDINARY),
            "rank": last - list(NAMES).index(name) if name in NAMES else 0,
        }
        for name, group in groups.items()
        for champion, challenger in group.sample
    ]
