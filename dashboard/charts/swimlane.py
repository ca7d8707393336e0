"""Where and when: lanes over time, and how many are abnormal at once."""

from collections.abc import Mapping, Sequence
from typing import Final

import altair as alt

from dashboard.charts.base import change_names, dashed, in_utc, named, severity_scale, time_axis, time_scale
from dashboard.look.palette import SEVERITIES, palette

LANE_PX: Final = 25
NAMES_PX: Final = 104
"""Width kept for the lanes' names; longer ones are cut by the chart, whole in its tooltip."""

SELECTION: Final = "cell"

STROKE: Final = "M-0.5,0.9L0,-0.9M0,0.9L0.5,-0.9"
DASH: Final = "M-0.35,0L0.35,0"


def swimlane(order: Sequence[str], picked: Mapping[str, str | float] | None) -> alt.TopLevelMixin:
    """Return lanes over time: colour is the worst verdict of the cell, blank is normal.

    Strokes mean no data, dashes that no model judged.
    Data sets: `lanes` {lane, start, end, mid, severity, score, count, readings, not_judged}, `changes` {at, model,
    early}.
    """
    colours = palette()
    pick = alt.selection_point(
        name=SELECTION,
        fields=["lane", "start"],
        value=[dict(picked)] if picked else alt.Undefined,
        empty=False,
        toggle=False,
    )
    names = alt.Axis(
        minExtent=NAMES_PX,
        maxExtent=NAMES_PX,
        labelLimit=NAMES_PX - 8,
        labelColor=colours["ink"],
        labelFontSize=12.5,
        grid=False,
    )
    base = in_utc(alt.Chart(named("lanes")), "start").encode(
        x=alt.X("start:T", axis=time_axis(), scale=time_scale()),
        y=alt.Y(
            "lane:N", sort=list(order), title=None, axis=names, scale=alt.Scale(paddingInner=0.16, paddingOuter=0.06)
        ),
    )
    legend = alt.Legend(title=None, values=list(SEVERITIES), symbolStrokeWidth=0, offset=20)
    cells = (
        base.mark_rect(strokeWidth=1)
        .encode(
            x2="end:T",
            color=alt.Color("severity:N", scale=severity_scale(with_rest=True), legend=legend),
            stroke=alt.condition(pick, alt.value(colours["ink"]), alt.value(colours["grid"])),
            strokeWidth=alt.condition(pick, alt.value(2), alt.value(0.5)),
            tooltip=[
                alt.Tooltip("lane:N", title="lane"),
                alt.Tooltip("start_utc:N", title="from"),
                alt.Tooltip("severity:N", title="worst"),
                alt.Tooltip("score:Q", title="× threshold", format=".1f"),
                alt.Tooltip("count:Q", title="abnormal readings", format=","),
                alt.Tooltip("readings:Q", title="readings", format=","),
                alt.Tooltip("not_judged:Q", title="not judged", format=","),
            ],
        )
        .add_params(pick)
    )
    signs = [
        base.transform_filter(f"datum.severity === '{state}'")
        .mark_point(shape=shape, size=400, stroke=colours["nodata"], strokeWidth=1.1, filled=False, clip=True)
        .encode(x=alt.X("mid:T"))
        for state, shape in (("no data", STROKE), ("not judged", DASH))
    ]
    x = alt.X("at:T")
    lines = alt.Chart(named("changes")).mark_rule(**dashed()).encode(x=x)
    return alt.layer(cells, *signs, lines, *change_names(x, y=-8)).properties(height=alt.Step(LANE_PX))


def abnormal_at_once(most: int) -> alt.TopLevelMixin:
    """Return how many lanes are abnormal at once, worst at the bottom.

    Data set `overall` {start, end, severity, lanes, from, to}: bars stacked beforehand. `most` is the axis' end.
    """
    names = alt.Axis(
        minExtent=NAMES_PX, maxExtent=NAMES_PX, title=None, values=[0, most // 2, most], format="d", grid=True
    )
    bars: alt.Chart = (
        in_utc(alt.Chart(named("overall")), "start")
        .mark_rect()
        .encode(
            x=alt.X("start:T", axis=None, scale=time_scale()),
            x2="end:T",
            y=alt.Y("from:Q", axis=names, scale=alt.Scale(domain=[0, most], clamp=True, nice=False)),
            y2="to:Q",
            color=alt.Color("severity:N", scale=severity_scale(), legend=None),
            tooltip=[
                alt.Tooltip("start_utc:N", title="from"),
                alt.Tooltip("severity:N"),
                alt.Tooltip("lanes:Q", title="lanes"),
            ],
        )
        .properties(height=34)
    )
    return bars
