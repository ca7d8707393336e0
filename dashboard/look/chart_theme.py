"""Vega-Lite configuration shared by every chart; used with `theme=None`, else Streamlit's colours win."""

from typing import Any

from dashboard.look.palette import palette


def chart_theme() -> dict[str, Any]:
    """Return the configuration in the colours of the reader's theme."""
    colours = palette()
    label: dict[str, Any] = {"labelColor": colours["muted"], "labelFontSize": 11.5}
    title: dict[str, Any] = {"titleColor": colours["muted"], "titleFontSize": 11.5, "titleFontWeight": "normal"}
    return {
        "background": "transparent",
        "font": "Source Sans, sans-serif",
        "view": {"stroke": None},
        "axis": {**label, **title, "labelPadding": 6, "gridColor": colours["grid"], "domain": False, "ticks": False},
        "axisX": {
            "grid": False,
            "domain": True,
            "domainColor": colours["rule"],
            "ticks": True,
            "tickColor": colours["rule"],
            "tickSize": 4,
        },
        "legend": {**label, **title, "orient": "top", "symbolType": "square", "symbolSize": 110, "offset": 6},
        "text": {"color": colours["muted"], "fontSize": 11.5},
    }
