"""What several charts share: named data, time axis, severity scale, texts of times, model changes."""

from typing import Any, Final

import altair as alt

from dashboard.look.palette import SEVERITIES, palette
from dashboard.look.zone import own_zone

LABELS_PX: Final = 52
"""Width kept for y labels, so that charts above each other share one time axis."""

UTC_DAY_TIME: Final = "%-d %b %H:%M:%S"


def time_label() -> str:
    """Return the expression of a time axis' labels, in UTC or in the browser's zone.

    Midnight has the day for a label, and a year's first moment the year; so one specification serves every range.
    """
    utc, form = ("", "timeFormat") if own_zone() else ("utc", "utcFormat")
    return (
        f"{utc}hours(datum.value) || {utc}minutes(datum.value) ? {form}(datum.value, '%H:%M') "
        f": {utc}month(datum.value) || {utc}date(datum.value) > 1 ? {form}(datum.value, '%-d %b') "
        f": {form}(datum.value, '%Y')"
    )


def named(name: str) -> alt.NamedData:
    """Return a data set that is given when the chart is shown."""
    return alt.NamedData(name=name)


def in_utc(chart: alt.Chart, field: str) -> alt.Chart:
    """Return the chart with `<field>_utc`, a text in the page's zone: a tooltip's own is always in the browser's."""
    form = "timeFormat" if own_zone() else "utcFormat"
    return chart.transform_calculate(as_=f"{field}_utc", calculate=f"{form}(datum['{field}'], '{UTC_DAY_TIME}')")


def time_scale() -> alt.Scale:
    """Return the scale of every time axis."""
    return alt.Scale(type="time" if own_zone() else "utc", nice=False)


def time_axis(*, labels: bool = True, ticks: int = 7) -> alt.Axis:
    """Return a time axis; `ticks` is about how many labels it gets (an interval instead breaks the chart)."""
    return alt.Axis(
        labelExpr=time_label(),
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
