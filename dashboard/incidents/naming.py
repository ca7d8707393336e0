"""The name that the person before the page gives once: the log says `anna (unverified)`."""

from typing import Final

import streamlit as st

NAME: Final = "name_given"
"""In the session, and not a widget's own key: a widget that is not drawn forgets."""

_FIELD: Final = "name_field"

LONGEST_NAME: Final = 80


def name_given() -> str:
    """Return it; empty when none was given."""
    return str(st.session_state.get(NAME, ""))


def ask_name(*, off: bool) -> None:
    """Draw the field; what is in it counts for every action from then on."""
    st.text_input(
        "Your name",
        name_given(),
        key=_FIELD,
        max_chars=LONGEST_NAME,
        placeholder="Your name, written beside what you do",
        label_visibility="collapsed",
        on_change=_keep,
        disabled=off,
    )
    if not name_given() and not off:
        st.html('<p class="tt-p">Without a name the log has that of the dashboard\'s key.</p>')


def _keep() -> None:
    st.session_state[NAME] = str(st.session_state[_FIELD]).strip()
