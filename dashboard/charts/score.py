"""The score over its threshold."""

from collections.abc import Sequence
from typing import Any, Final

import altair as alt

from dashboard.charts.base import (
    LABELS_PX,
    change_names,
    in_utc,
    model_changes,
    named,
    severity_scale,
    time_axis,
    time_scale,
)
from dashboard.look.palette import palette

BEYOND_PX: Final = -5
"""Where what does not fit is marked: just above the chart's upper edge."""

WIDE: Final = (0.1, 0.3, 1.0, 3.0, 10.0)
NARROW: Final = (0.5, 0.7, 1.0, 1.4, 2.0)


def ticks_for(scores: Sequence[float]) -> tuple[float, ...]:
    """Return the axis' values: two decades, or one octave each way for detectors whose scores never leave it.

    An isolation forest's score lies between about .6 and 1.6; over two decades nobody would see it rise.
    """
    inside = all(NARROW[0] <= score <= NARROW[-1] for score in scores)
    return NARROW if scores and inside else WIDE


def score_strip(ticks: Sequence[float], height: int = 96) -> alt.TopLevelMixin:
    """Return the largest ratio over all channels, log scale; above the line at 1 in the colour of its severity.

    What is above the last tick ends there, with an arrow over its peak; the highest one has its value beside it.
    Data sets: `score` {at, ratio, severity}, `beyond` {at, ratio, severity, told, early}, `limit` {ratio},
    `changes` {at, model}.
    """
    colours = palette()
    x = alt.X("at:T", axis=time_axis(), scale=time_scale())
    scale = alt.Scale(type="log", domain=[ticks[0], ticks[-1]], clamp=True, nice=False)
    axis = alt.Axis(minExtent=LABELS_PX, maxExtent=LABELS_PX, values=list(ticks), format="~g")
    y = alt.Y("ratio:Q", title=None, scale=scale, axis=axis)
    data = in_utc(alt.Chart(named("score")), "at")
    tooltip = [
        alt.Tooltip("at_utc:N", title="at"),
        alt.Tooltip("ratio:Q", title="× threshold", format=",.2f"),
        alt.Tooltip("severity:N"),
    ]
    line = data.mark_line(color=colours["line"], strokeWidth=1.2, invalid="break-paths-show-path-domains")
    over = (
        data.transform_filter("datum.ratio > 1")
        .mark_bar(width=2.5)
        .encode(
            x=x,
            y=y,
            y2=alt.datum(1),
            color=alt.Color("severity:N", scale=severity_scale(), legend=None),
            tooltip=tooltip,
        )
    )
    limit = alt.Chart(named("limit")).mark_rule(color=colours["ink"], strokeWidth=1).encode(y="ratio:Q")
    names = change_names(x, y=height - 7)
    layers = [model_changes(x), over, line.encode(x=x, y=y), limit, *_beyond(x, tooltip), *names]
    return alt.layer(*layers).properties(height=height)


def _beyond(x: alt.X, tooltip: Sequence[alt.Tooltip]) -> list[alt.Chart]:
    """Return arrows over the chart's upper edge, and the value of the highest."""
    data = in_utc(alt.Chart(named("beyond")), "at")
    arrows = data.mark_point(shape="triangle-up", filled=True, size=46, opacity=1, y=BEYOND_PX).encode(
        x=x, color=alt.Color("severity:N", scale=severity_scale(), legend=None), tooltip=tooltip
    )
    style: dict[str, Any] = {"y": BEYOND_PX, "color": palette()["ink"], "fontSize": 11.5, "fontWeight": 600}
    before = data.transform_filter("!datum.early").mark_text(align="right", dx=-7, **style)
    behind = data.transform_filter("datum.early").mark_text(align="left", dx=7, **style)
    return [arrows, before.encode(x=x, text="told:N"), behind.encode(x=x, text="told:N")]
