"""Page Models, which answers: which, since when, better."""

from html import escape

import streamlit as st

from dashboard.client import ApiError
from dashboard.connection import Connection, connect
from dashboard.frame.bar import body, page_frame
from dashboard.frame.choices import Choices
from dashboard.look.formats import clock
from dashboard.memory import now
from dashboard.models.asking import ask_timelines, ask_trained, first_pair
from dashboard.models.champions import show_champions, show_changes
from dashboard.models.comparing import choose_pair, show_comparison
from dashboard.models.drift import show_drift
from dashboard.models.promoting import show_promotion
from dashboard.parts.layout import live, split
from dashboard.parts.words import banner, command, empty


def show() -> None:
    """Draw the page."""
    connection = connect()
    choices = page_frame(connection, title="Models", question="Which, since when, better?", narrowing=False)
    with body(choices):
        try:
            trained = ask_trained(connection, choices)
            names = tuple(sorted({version.name for version in trained}))
            timelines = ask_timelines(connection, choices, names)
        except ApiError as error:
            banner(f"<b>No models</b><span>{escape(str(error))}</span>")
            return
        if not trained:
            when = f" by {clock(choices.as_of, now())}" if choices.as_of else " yet"
            empty(f"<b>No model was trained{when}.</b><br>A model is trained on the readings of the log.")
            command("telltale train PROFILE")
            return
        left, right = split([3, 2], key="lines")
        with left:
            live(_lines, moving=choices.moving)(connection, choices, names)
        with right:
            show_drift(connection, choices, tuple(name for name, one in timelines.items() if one.reigns))
        st.html('<hr class="tt-rule">')
        first = first_pair(trained, timelines)
        if first is None:
            empty("<b>Nothing to compare yet.</b><br>No profile has two trained versions.")
            command(f"telltale train {trained[0].name}")
            for version in trained:
                if not timelines[version.name].reigns:
                    show_promotion(connection, choices, version.model, timelines[version.name])
                    break
            return
        pair = choose_pair(trained, first)
        try:
            show_comparison(connection, choices, pair, names, timelines)
        except ApiError as error:
            empty(f"<b>Not answered yet.</b><br>{escape(str(error))}")


def _lines(connection: Connection, choices: Choices, names: tuple[str, ...]) -> None:
    timelines = ask_timelines(connection, choices, names)
    show_champions(timelines, choices)
    show_changes(timelines, choices)


if __name__ == "__main__":
    show()
