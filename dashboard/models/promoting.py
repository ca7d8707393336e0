"""The form that puts a version in force or the one before again; with a reason, never while one looks back.

It stands outside the live parts of the page: a click must not meet a part that draws itself again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from html import escape
from typing import Final, Literal
from uuid import uuid4

import streamlit as st

from dashboard.answers.models import Reign, Timeline
from dashboard.answers.promotions import Promoted
from dashboard.client import ApiError
from dashboard.command_service import CommandError, CommandRefused
from dashboard.connection import Connection
from dashboard.frame.choices import Choices
from dashboard.models.asking import line_of
from dashboard.models.outcomes import done_html, failed_html, missing_html
from dashboard.parts.words import command, heading

FORMS: Final = "promotion_forms"
"""In the session: of each version the form that is being filled."""

LONGEST_REASON: Final = 2_000
"""The command service takes no longer one."""

Send = Callable[[str, str], Promoted]
"""A command: its reason and its id in, what the log says now out."""


@dataclass(frozen=True, slots=True)
class Rollback:
    """A rollback as the page offers it: the promotion that it undoes, the version it goes back to."""

    leaves: Reign
    back_to: str


@dataclass(frozen=True, slots=True)
class Form:
    """One filled form is one command: `command_id` goes with it until an answer settles it."""

    command_id: str = field(default_factory=lambda: str(uuid4()))
    because: str = ""
    told: str = ""
    position: str = ""
    """Of the promotion that `told` tells of."""
    rollback: Rollback | None = None
    """What was sent and not confirmed: the same button sends the same again, also when the page has followed."""


def show_promotion(connection: Connection, choices: Choices, model: str, timeline: Timeline, note: str = "") -> None:
    """Draw the form for a version: promote it, or go back to the champion before; the commands below it.

    `note`: what the gate will say, in words.
    """
    form, line = _form(model), line_of(model)
    champion = timeline.reigns[-1].model if timeline.reigns else None
    rollback = form.rollback or (
        Rollback(timeline.reigns[-1], timeline.rolls_back_to) if timeline.rolls_back_to else None
    )
    off = _why_off(connection, choices)
    with st.container(border=True, key="promote"):
        if champion == model:
            heading(f"{model} is champion", "verdicts of earlier models stay as they are")
        else:
            heading(f"Promote {model}", "scores from the next transaction on; earlier verdicts stay as they are")
        for text in (note, off):
            if text:
                st.html(f'<p class="tt-p">{escape(text)}</p>')
        if champion != model or rollback:
            _fields(
                connection,
                choices,
                model,
                promotes=None if champion == model else "secondary" if champion and note else "primary",
                rollback=rollback,
                off=bool(off),
            )
        # A promotion that another one followed since is told by the timeline alone.
        if form.told and form.position not in {reign.position for reign in timeline.reigns[:-1]}:
            st.html(form.told)
        if choices.known_at is not None:
            return
        if champion != model:
            command(f'telltale models promote {model} --because "…"')
        elif rollback:
            command(f'telltale models rollback {line} --because "…"')
        st.html('<p class="tt-p">To judge history with it, into topics of its own, live left alone:</p>')
        command(f"telltale rescore {model}")


def _fields(
    connection: Connection,
    choices: Choices,
    model: str,
    *,
    promotes: Literal["primary", "secondary"] | None,
    rollback: Rollback | None,
    off: bool,
) -> None:
    """Draw the field and the buttons; that which promotes stands out unless the gate is known to refuse.

    Their keys hold the command's id: what is clicked belongs to what was filled. A rollback
    names the promotion that it undoes, as this page shows it: when somebody else promoted since, it is refused.
    """
    form, line = _form(model), line_of(model)

    def promote(because: str, command_id: str) -> Promoted:
        return connection.commands.promote(model, because=because, command_id=command_id)

    def roll_back(because: str, command_id: str) -> Promoted:
        _keep(model, replace(_form(model), rollback=rollback))
        leaves = rollback.leaves if rollback else None
        return connection.commands.roll_back(line, leaves=leaves, because=because, command_id=command_id)

    with st.form(f"promotion_{form.command_id}", border=False, enter_to_submit=False):
        st.text_input(
            "Because",
            form.because,
            key=_reason_key(form.command_id),
            max_chars=LONGEST_REASON,
            placeholder="Because … (kept in the log)",
            label_visibility="collapsed",
            disabled=off,
        )
        with st.container(horizontal=True, gap="small"):
            if promotes:
                st.form_submit_button(
                    f"Promote {model}",
                    key=f"promote_{form.command_id}",
                    type=promotes,
                    on_click=_send,
                    args=(connection, choices, model, form.command_id, promote),
                    disabled=off,
                )
            if rollback:
                st.form_submit_button(
                    f"Roll back to {rollback.back_to}",
                    key=f"roll_back_{form.command_id}",
                    on_click=_send,
                    args=(connection, choices, model, form.command_id, roll_back),
                    disabled=off,
                )


def _send(connection: Connection, choices: Choices, model: str, command_id: str, send: Send) -> None:
    """Carry out what was clicked, before the page is drawn.

    A form that was answered is not sent again: the second of a double click finds another form in its place. One whose
    answer got lost is sent again under the same id, which is the same event.
    """
    form = _form(model)
    if form.command_id != command_id:
        return
    because = str(st.session_state.get(_reason_key(command_id), "")).strip()
    if not because:
        _keep(model, replace(form, told=missing_html()))
        return
    try:
        promoted = send(because, command_id)
    except CommandRefused as error:
        # A new id: the same wish, sent again after a comparison, is to be decided anew.
        _keep(model, Form(because=because, told=failed_html(error)))
        refusal = error.problem.rejection
        _wait_for(connection, choices, line_of(model), refusal.position if refusal else None)
    except CommandError as error:
        _keep(model, replace(_form(model), because=because, told=failed_html(error)))
    else:
        _keep(model, Form(told=done_html(promoted), position=promoted.position))
        _wait_for(connection, choices, line_of(model), promoted.position)


def _wait_for(connection: Connection, choices: Choices, line: str, position: str | None) -> None:
    """Let the page have a timeline with what was just decided; if it does not come in time, the live part shows it."""
    try:
        connection.memory.ask(
            choices.question("timeline", line),
            lambda: connection.api.timeline(line, choices.as_of, min_position=position),
        )
    except ApiError:
        return


def _why_off(connection: Connection, choices: Choices) -> str:
    """Return why nothing can be changed from here, if so."""
    if choices.known_at is not None:
        return "Commands act on the present; they are off while one looks back."
    if not connection.may_command:
        return "None of the keys that this dashboard was started with may operate: TELLTALE_API_KEYS."
    return "The API does not answer: who is champion now is not known." if choices.stale else ""


def _form(model: str) -> Form:
    forms: dict[str, Form] = st.session_state.setdefault(FORMS, {})
    return forms.setdefault(model, Form())


def _keep(model: str, form: Form) -> None:
    st.session_state[FORMS][model] = form


def _reason_key(command_id: str) -> str:
    return f"because_{command_id}"
