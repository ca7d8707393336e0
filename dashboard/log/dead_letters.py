"""Tab dead letters: records that could not be accepted, why, and what to do about each."""

from datetime import datetime
from html import escape
from typing import Final

import streamlit as st

from dashboard.answers.operations import DeadLetter
from dashboard.connection import Connection
from dashboard.frame.choices import Choices
from dashboard.look.formats import clock, kind_name, many
from dashboard.memory import now
from dashboard.parts.rows import Column, Row, command_rows
from dashboard.parts.words import empty, mono, quiet, tag

COLUMNS: Final = (
    Column("position", 22),
    Column("at", 13),
    Column("class", 15),
    Column("why", 28),
    Column("state", 18),
)
SHARES: Final = (25, 15)
MOST_ROWS: Final = 30


def show_dead_letters(connection: Connection, choices: Choices) -> None:
    """Write the newest, those that nobody has decided on first."""
    letters = connection.memory.ask(
        choices.question("dead letters"), lambda: connection.api.dead_letters(choices.as_of), fresh_for_s=0.8
    ).value
    when = f" by {clock(choices.known_at, now())}" if choices.as_of else ""
    if not letters:
        empty(f"<b>No dead letters{when}.</b><br>Every record in the log could be read and accepted.")
        return
    waiting = [letter for letter in letters if letter.state == "open"]
    if waiting:
        st.html(
            f'<p class="tt-p"><b>{many(len(waiting), "record")}</b> could not be used{when}. Nothing is dropped: '
            "each stays here with its bytes until someone sends it again or gives it up.</p>"
        )
    else:
        quiet(f"<b>Nothing to decide{when}.</b> {many(len(letters), 'record')} could not be used; each is decided on.")
    shown = sorted(letters, key=lambda letter: letter.state != "open")[:MOST_ROWS]
    rows = [Row(_cells(one, choices, now()), command_of(one)) for one in shown]
    command_rows(COLUMNS, rows, key="dead_letters", shares=SHARES)
    if len(letters) > len(shown):
        st.html(f'<p class="tt-p">The first {len(shown)} of {len(letters):,}. All: telltale dead-letters list</p>')


def command_of(letter: DeadLetter) -> str:
    """Return what to type: send it again while it is open, else look at it."""
    return letter.command or f"telltale dead-letters show {letter.position}"


def _cells(letter: DeadLetter, choices: Choices, today: datetime) -> tuple[str, ...]:
    later = choices.known_at is not None and letter.dead_lettered_at > choices.known_at
    decided = f"<small>{escape(letter.actor or '')}: {escape(letter.because or '')}</small>" if letter.because else ""
    again = f"<small>as {mono(letter.redriven_as)}</small>" if letter.redriven_as else ""
    return (
        mono(letter.position),
        f"{clock(letter.dead_lettered_at, today)}{'<br>' + tag('then: not known', 'accent') if later else ''}",
        tag(kind_name(letter.error), "ink" if letter.state == "open" else ""),
        f"{escape(letter.message)}<small>found by {escape(letter.stage)}</small>",
        f"{tag(letter.state, 'dashed' if letter.state == 'open' else '')}{again}{decided}",
    )
