"""What several charts share: named data, time axis, severity scale, texts of times, model changes."""

from typing import Any, Final

import altair as alt

from dashboard.look.palette import SEVERITIES, palette

LABELS_PX: Final = 52
"""Width kept for y labels, so that charts above each other share one time axis."""

TIME_LABEL: Final = (
    "utchours(datum.value) || utcminutes(datum.value) ? utcFormat(datum.value, '%H:%M') "
    ": utcmonth(datum.value) || utcdate(datum.value) > 1 ? utcFormat(datum.value, '%-d %b') "
    ": utcFormat(datum.value, '%Y')"
)
"""Midnight has the day for a label, and a year's first moment the year; so one specification serves every range."""

UTC_DAY_TIME: Final = "%-d %b %H:%M:%S"


def named(name: str) -> alt.NamedData:
    """Return a data set that is given when the chart is shown."""
    return alt.NamedData(name=name)


def in_utc(chart: alt.Chart, field: str) -> alt.Chart:
    """Return the chart with `<field>_utc`, a text: a tooltip's own format would be in the browser's zone."""
    return chart.transform_calculate(as_=f"{field}_utc", calculate=f"utcFormat(datum['{field}'], '{UTC_DAY_TIME}')")


def time_scale() -> alt.Scale:
    """Return the scale of every time axis."""
    return alt.Scale(type="utc", nice=False)


def time_axis(*, labels: bool = True, ticks: int = 7) -> alt.Axis:
    """Return a time axis; `ticks` is about how many labels it gets (an interval instead breaks the chart)."""
    return alt.Axis(
        labelExpr=TIME_LABEL,
        title=None,
        labels=labels,
        ticks=labels,
        domain=labels,
        tickCount=ticks,
        labelFlush=18,
        labelOverlap=True,
        orient="bottom",
    )


def severity_scale(*, with_rest: bool = False) -> alt.Scale:
    """Return severity → colour; with the rest also what has no severity, which is blank."""
    colours = palette()
    rest = ["normal", "no data", "not judged"] if with_rest else []
    return alt.Scale(
        domain=[*rest, *SEVERITIES], range=[colours["ground"] for _ in rest] + [colours[level] for level in SEVERITIES]
    )


def model_changes(x: alt.X) -> alt.Chart:
    """Return lines where another model took over: data set `changes` {at, model, early}."""
    lines: alt.Chart = alt.Chart(named("changes")).mark_rule(**dashed(), clip=True).encode(x=x)
    return lines


def dashed() -> dict[str, Any]:
    """Return how the line of a model change looks."""
    return {"color": palette()["accent"], "strokeWidth": 1, "strokeDash": [3, 3]}


def change_names(x: alt.X, *, y: int) -> list[alt.Chart]:
    """Return the models' names beside their lines: on the left, or on the right where the range has only begun."""
    style: dict[str, Any] = {"y": y, "color": palette()["accent"], "fontSize": 11.5}
    words = alt.Chart(named("changes"))
    before = words.transform_filter("!datum.early").mark_text(align="right", dx=-4, **style)
    behind = words.transform_filter("datum.early").mark_text(align="left", dx=4, **style)
    return [before.encode(x=x, text="model:N"), behind.encode(x=x, text="model:N")]
