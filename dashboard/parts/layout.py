"""Where things stand on the page."""

from collections.abc import Callable, Sequence
from functools import wraps
from html import escape
from typing import Final, ParamSpec

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.client import ApiError
from dashboard.parts.words import empty

P = ParamSpec("P")

EVERY_S: Final = 2.0
"""Seconds between two looks at what is live; longer than the slowest question takes."""


def split(spec: Sequence[int], *, key: str) -> list[DeltaGenerator]:
    """Return columns side by side; one below the other in a narrow window (the style sheet knows keys split…)."""
    return st.container(key=f"split_{key}").columns(spec, gap="large")


def live(draw: Callable[P, None], *, moving: bool) -> Callable[P, None]:
    """Return `draw` as a part that draws itself again every EVERY_S while it is `moving`.

    A question that was never answered leaves one line in its place, not a page that ends there.
    """

    @wraps(draw)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            draw(*args, **kwargs)
        except ApiError as error:
            empty(f"<b>Not answered yet.</b><br>{escape(str(error))}")

    return st.fragment(guarded, run_every=EVERY_S if moving else None)
