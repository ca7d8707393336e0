"""Page Log, which answers: can I trust it."""

import streamlit as st

from dashboard.connection import connect
from dashboard.frame.bar import body, page_frame
from dashboard.log.contracts import show_contracts
from dashboard.log.dead_letters import show_dead_letters
from dashboard.log.read_models import show_read_models
from dashboard.log.topics import show_topics
from dashboard.parts.layout import live

TABS = {
    "read models": show_read_models,
    "dead letters": show_dead_letters,
    "contracts": show_contracts,
    "topics": show_topics,
}
"""Their names are in addresses: constant."""


def show() -> None:
    """Draw the page."""
    connection = connect()
    choices = page_frame(connection, title="Log", question="Can I trust it?", narrowing=False)
    with body(choices):
        tabs = st.tabs(list(TABS), key="tab", bind="query-params")
        for tab, draw in zip(tabs, TABS.values(), strict=True):
            with tab:
                live(draw, moving=True)(connection, choices)


if __name__ == "__main__":
    show()
