"""Going back to what was known at an earlier time: the blue banner with slider and then / now."""

from datetime import UTC, datetime, timedelta
from typing import Final

import streamlit as st

from dashboard.frame.choices import parse_moment
from dashboard.look.formats import clock, span
from dashboard.look.zone import own_zone
from dashboard.memory import now

STEP: Final = timedelta(seconds=30)
BACK: Final = timedelta(hours=3)
"""How far the slider goes back, if the address does not name an earlier moment."""

_SLIDER: Final = " The slider is in UTC."

BOUNDS: Final = "known_at_bounds"
THEN: Final = "known then"
NOW: Final = "known now"
LEFT_OUT: Final = {
    THEN: "Later verdicts, decisions and models are left out.",
    NOW: "You see what is known now; what was otherwise then is marked.",
}


def slider_bounds(moment: datetime, named: datetime | None) -> tuple[datetime, datetime]:
    """Return the slider's ends, on whole steps: BACK before `moment`, and as far as the moment the address names."""
    step_s = STEP.total_seconds()
    last = datetime.fromtimestamp(moment.timestamp() // step_s * step_s, UTC)
    first = last - BACK
    return (min(first, named), max(last, named)) if named else (first, last)


def choose_known_at() -> tuple[datetime, bool]:
    """Draw the banner; return the moment and whether what is known now is wanted."""
    if BOUNDS not in st.session_state:
        # Kept while one looks back: moving ends would throw the chosen moment away.
        st.session_state[BOUNDS] = slider_bounds(now(), parse_moment(st.query_params.get("known_at")))
    first, last = st.session_state[BOUNDS]
    with st.container(key="asof_banner"):
        text, control = st.columns([5, 6], vertical_alignment="center", gap="medium")
        with control.container(horizontal=True, vertical_alignment="center", gap="medium"):
            known_at: datetime = st.slider(
                "Known at",
                first,
                last,
                last,
                STEP,
                "HH:mm:ss",
                key="known_at",
                bind="query-params",
                label_visibility="collapsed",
                width=260,
            )
            show = st.segmented_control(
                "Show",
                [THEN, NOW],
                default=THEN,
                required=True,
                key="show",
                bind="query-params",
                label_visibility="collapsed",
            )
        text.html(
            f'<div class="tt-known"><b>As known at {clock(known_at, now())}</b>, {span(now() - known_at)} ago.'
            f'<br><span class="muted">{LEFT_OUT[show]} Actions are off.{_SLIDER if own_zone() else ""}</span></div>'
        )
    return known_at, show == NOW


def forget_known_at() -> None:
    """Let the next look back begin at its own time."""
    st.session_state.pop(BOUNDS, None)
