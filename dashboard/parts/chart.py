"""Showing a chart so that it stays in place while its rows change."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pyarrow as pa
import streamlit as st

from dashboard.look.chart_theme import chart_theme

Rows = Sequence[Mapping[str, object]]


def chart(drawing: alt.TopLevelMixin, rows: Mapping[str, Rows], *, key: str, alt_text: str, right: int = 4) -> None:
    """Draw a chart whose data sets have fixed names."""
    st.vega_lite_chart(
        spec=specification(drawing, rows, right=right), key=key, alt=alt_text, theme=None, width="stretch"
    )


def choosing_chart(
    drawing: alt.TopLevelMixin, rows: Mapping[str, Rows], *, key: str, alt_text: str, selection: str
) -> Mapping[str, Any] | None:
    """Draw a chart and return the marks' fields that the reader chose in it; None: nothing."""
    event = st.vega_lite_chart(
        spec=specification(drawing, rows),
        key=key,
        alt=alt_text,
        theme=None,
        width="stretch",
        on_select="rerun",
        selection_mode=selection,
    )
    chosen = event["selection"].get(selection) or [None]
    return dict(chosen[0]) if chosen[0] else None


def specification(drawing: alt.TopLevelMixin, rows: Mapping[str, Rows], *, right: int = 4) -> dict[str, Any]:
    """Return drawing and rows as one specification.

    It stays equal byte for byte while only rows travel, so a live chart keeps its nodes and what is chosen in it.
    """
    return {
        **drawing.to_dict(),
        "config": chart_theme(),
        "datasets": {name: pa.Table.from_pylist([dict(row) for row in some]) for name, some in rows.items()},
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": {"left": 0, "right": right, "top": 6, "bottom": 2},
    }
