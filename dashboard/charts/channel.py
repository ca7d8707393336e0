"""One channel of a sensor: what was measured, what was expected, what was judged."""

import altair as alt

from dashboard.charts.base import LABELS_PX, in_utc, model_changes, named, severity_scale, time_axis, time_scale
from dashboard.look.palette import palette

TALL_PX = 70
"""From this height on there is room for four labels on the y axis."""
STROKE_PX = 7


def channel(
    *, last: bool, height: int = 84, digits: int = 1, ticks: int = 7, window: bool = False
) -> alt.TopLevelMixin:
    """Return expected band grey, the mean as a line that breaks at gaps, verdicts as dots in severity colour.

    What a verdict expected is a grey stroke below or above its dot: a panel has no band, for it expects of each reading
    what load and ambient explain.

    Data sets: `readings` {at, mean, low, high}, `verdicts` {at, value, expected, severity, score, kind}, `changes`,
    `window` {at, end} when there is one. `last`: only the lowest of several charts shows the time.
    """
    colours = palette()
    x = alt.X("at:T", axis=time_axis(labels=last, ticks=ticks), scale=time_scale())
    axis = alt.Axis(
        minExtent=LABELS_PX, maxExtent=LABELS_PX, tickCount=3 if height > TALL_PX else 2, format=f",.{digits}f"
    )
    # With y2, every layer needs the same scale written out, else the axis follows only one of them.
    scale = alt.Scale(zero=False, nice=True)
    data = alt.Chart(named("readings"))
    band = data.mark_area(color=colours["band"]).encode(
        x=x, y=alt.Y("low:Q", title=None, axis=axis, scale=scale), y2="high:Q"
    )
    line = data.mark_line(color=colours["line"], strokeWidth=1.3, invalid="break-paths-show-path-domains").encode(
        x=x, y=alt.Y("mean:Q", title=None, axis=axis, scale=scale)
    )
    expected = (
        alt.Chart(named("verdicts"))
        .mark_tick(color=colours["nodata"], orient="horizontal", size=STROKE_PX, thickness=2)
        .encode(x=x, y=alt.Y("expected:Q", title=None, axis=axis, scale=scale))
    )
    dots = (
        in_utc(alt.Chart(named("verdicts")), "at")
        .mark_circle(size=22, opacity=1)
        .encode(
            x=x,
            y=alt.Y("value:Q", title=None, axis=axis, scale=scale),
            color=alt.Color("severity:N", scale=severity_scale(), legend=None),
            tooltip=[
                alt.Tooltip("at_utc:N", title="at"),
                alt.Tooltip("value:Q", title="measured", format=f",.{digits}f"),
                alt.Tooltip("expected:Q", title="expected", format=f",.{digits}f"),
                alt.Tooltip("score:Q", title="× threshold", format=".1f"),
                alt.Tooltip("kind:N"),
            ],
        )
    )
    shade = alt.Chart(named("window")).mark_rect(color=colours["accent"], opacity=0.18, clip=True)
    chosen = [shade.encode(x=x, x2="end:T")] if window else []
    return alt.layer(band, *chosen, model_changes(x), line, expected, dots).properties(height=height)
