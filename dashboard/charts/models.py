"""Who was champion when; two models' scores against each other."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import altair as alt

from dashboard.charts.base import in_utc, named, time_scale
from dashboard.look.palette import palette

QUADRANTS: Final = (
    (-0.68, 0.9, "only {b} alarms"),
    (0.68, 0.9, "both"),
    (-0.68, -0.9, "neither"),
    (0.68, -0.9, "only {a} alarms"),
)
"""Where each quarter is named: from the threshold (0) to the edge (1), on the logarithmic axes."""

FAULT: Final = "fault"
FALSE_ALARM: Final = "false alarm"
UNLABELLED: Final = "alarm, not labelled"
ORDINARY: Final = "ordinary"
LABELS: Final = (FAULT, FALSE_ALARM, UNLABELLED, ORDINARY)


def reigns(*, lines: int, reach: timedelta) -> alt.TopLevelMixin:
    """Return a bar per reign: past ones grey and named inside, the champion blue and named right of its bar.

    `reach`: how long the longest of them is, which decides how times are written. Data set: `reigns` {line, model,
    from, to, champion, name}; `name` is empty where the bar is too short for it.
    """
    colours = palette()
    y = alt.Y(
        "line:N",
        title=None,
        axis=alt.Axis(labelColor=colours["ink"], labelFontSize=12.5, minExtent=84, grid=False, labelLimit=160),
        scale=alt.Scale(paddingInner=0.3),
    )
    axis = alt.Axis(title=None, format=_time_format(reach), tickCount=6, labelOverlap=True)
    x = alt.X("from:T", axis=axis, scale=time_scale())
    base = in_utc(in_utc(alt.Chart(named("reigns")), "from"), "to")
    past, champion = base.transform_filter("!datum.champion"), base.transform_filter("datum.champion")
    tip = [
        alt.Tooltip("model:N"),
        alt.Tooltip("from_utc:N", title="from"),
        alt.Tooltip("to_utc:N", title="to"),
        alt.Tooltip("because:N"),
    ]
    name: dict[str, Any] = {"align": "left", "dx": 8, "fontSize": 12}
    return alt.layer(
        past.mark_bar(color=colours["band"]).encode(x=x, x2="to:T", y=y, tooltip=tip),
        champion.mark_bar(color=colours["accent_fill"]).encode(x=x, x2="to:T", y=y, tooltip=tip),
        base.mark_tick(thickness=3, color=colours["ground"], xOffset=-1).encode(x=x, y=y),
        champion.mark_tick(thickness=3, color=colours["accent_fill"]).encode(x=x, y=y),
        past.mark_text(**name, color=colours["muted"]).encode(x=x, y=y, text="name:N"),
        champion.mark_text(**name, fontWeight=600, color=colours["ink"]).encode(x="to:T", y=y, text="model:N"),
    ).properties(height=28 * max(lines, 1))


def _time_format(reach: timedelta) -> str:
    if reach > timedelta(days=2):
        return "%-d %b"
    return "%H:%M" if reach > timedelta(minutes=15) else "%H:%M:%S"


def scatter(a: str, b: str, *, ticks: Sequence[float], height: int = 360) -> alt.TopLevelMixin:
    """Return a dot per reading; the two lines are the thresholds and part the plane in four. Beyond `ticks`: the edge.

    Data sets: `scores` {a, b, label, rank}, `limit` {ratio}, `quadrants` {a, b, word}. A fault is a circle, a false
    alarm a square, an alarm without a label a diamond: told apart without colour.
    """
    colours = palette()
    scale = alt.Scale(type="log", domain=[ticks[0], ticks[-1]], nice=False, clamp=True)
    axis = alt.Axis(values=list(ticks), format="~g", grid=False)
    fills = [colours["critical"], colours["accent"], colours["high"], colours["nodata"]]
    key = alt.Legend(title=None, symbolType="circle", labelLimit=240)
    dots = (
        alt.Chart(named("scores"))
        .mark_point(filled=True, strokeWidth=1, clip=True)
        .encode(
            x=alt.X("a:Q", scale=scale, title=f"score by {a} (× threshold)", axis=axis),
            y=alt.Y("b:Q", scale=scale, title=f"score by {b} (× threshold)", axis=axis),
            color=alt.Color("label:N", scale=alt.Scale(domain=list(LABELS), range=fills), legend=key),
            shape=alt.Shape(
                "label:N",
                scale=alt.Scale(domain=list(LABELS), range=["circle", "square", "diamond", "circle"]),
                legend=None,
            ),
            size=alt.condition(f"datum.label === '{ORDINARY}'", alt.value(10), alt.value(38)),
            opacity=alt.condition(f"datum.label === '{ORDINARY}'", alt.value(0.7), alt.value(0.9)),
            order=alt.Order("rank:Q"),
            tooltip=[
                alt.Tooltip("label:N"),
                alt.Tooltip("a:Q", title=a, format=".2f"),
                alt.Tooltip("b:Q", title=b, format=".2f"),
            ],
        )
    )
    limit = alt.Chart(named("limit"))
    words = (
        alt.Chart(named("quadrants"))
        .mark_text(color=colours["muted"], fontSize=12, fontWeight=600)
        .encode(x=alt.X("a:Q", scale=scale), y=alt.Y("b:Q", scale=scale), text="word:N")
    )
    return alt.layer(
        limit.mark_rule(color=colours["faint"]).encode(x=alt.X("ratio:Q", scale=scale)),
        limit.mark_rule(color=colours["faint"]).encode(y=alt.Y("ratio:Q", scale=scale)),
        dots,
        words,
    ).properties(height=height)


def drift(*, height: int = 132) -> alt.TopLevelMixin:
    """Return one signal's index over time, part by part of the window, in front of its null band.

    Data set: `drift` {from, to, middle, index, upto, outside}.
    """
    colours = palette()
    base = in_utc(in_utc(alt.Chart(named("drift")), "from"), "to")
    axis = alt.Axis(title=None, format="%H:%M", tickCount=5, labelOverlap=True)
    x = alt.X("from:T", axis=axis, scale=time_scale())
    scale = alt.Scale(type="linear", zero=True, nice=True)
    y_axis = alt.Axis(tickCount=3, format=".2~f", minExtent=34)
    band = base.mark_rect(color=colours["band"]).encode(
        x=x, x2="to:T", y=alt.Y("upto:Q", title=None, scale=scale, axis=y_axis), y2=alt.datum(0)
    )
    y = alt.Y("index:Q", title=None, scale=scale, axis=y_axis)
    middle = alt.X("middle:T", axis=axis, scale=time_scale())
    line = base.mark_line(color=colours["line"], strokeWidth=1.4).encode(x=middle, y=y)
    dots = base.mark_point(filled=True, opacity=1, size=34).encode(
        x=middle,
        y=y,
        color=alt.condition("datum.outside", alt.value(colours["high"]), alt.value(colours["line"])),
        shape=alt.condition("datum.outside", alt.value("diamond"), alt.value("circle")),
        tooltip=[
            alt.Tooltip("from_utc:N", title="from"),
            alt.Tooltip("to_utc:N", title="to"),
            alt.Tooltip("index:Q", format=".3f"),
            alt.Tooltip("upto:Q", format=".3f", title="usual up to"),
        ],
    )
    return alt.layer(band, line, dots).properties(height=height)
