"""What a person may do about an incident: buttons and one line of text, outside the live parts of the page."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import Final
from uuid import uuid4

import streamlit as st

from dashboard.answers.incidents import Incident
from dashboard.command_service import CommandError, CommandRefused
from dashboard.connection import Connection
from dashboard.frame.choices import Choices
from dashboard.incidents.asking import refresh
from dashboard.incidents.naming import ask_name, name_given
from dashboard.incidents.outcomes import done_html, failed_html, missing_html

FORMS: Final = "incident_forms"
"""In the session: of each incident the form that is being filled."""

LONGEST_TEXT: Final = 4_000
"""The command service takes no longer one."""


@dataclass(frozen=True, slots=True)
class Action:
    """A button: its label, the command it sends, and as what the incident is judged."""

    label: str
    name: str
    judgement: str = ""

    @property
    def key(self) -> str:
        """Return the first part of the button's key."""
        return self.judgement or self.name


ACKNOWLEDGE: Final = Action("Acknowledge", "acknowledge")
ASSIGN: Final = Action("Assign", "assign")
COMMENT: Final = Action("Comment", "comment")
REOPEN: Final = Action("Reopen", "reopen")
JUDGEMENTS: Final = (
    Action("True alarm", "resolve", "true_alarm"),
    Action("False alarm", "resolve", "false_alarm"),
    Action("Planned", "resolve", "planned"),
    Action("Unknown", "resolve", "unknown"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One action as it is sent: what to do, with which words, seen at which version."""

    action: str
    said: Mapping[str, str]
    version: str


@dataclass(frozen=True, slots=True)
class Form:
    """One filled form is one command: `command_id` goes with it until an answer settles it."""

    command_id: str = field(default_factory=lambda: str(uuid4()))
    text: str = ""
    told: str = ""
    unconfirmed: Wish | None = None
    """What was sent without an answer: the same button sends the same again, which is the same event."""


def show_actions(connection: Connection, choices: Choices, incident: Incident) -> None:
    """Draw what may be done with the incident as it is drawn now."""
    form, off = _form(incident.incident_id), why_off(connection, choices)
    if form.told:
        st.html(form.told)
    if off:
        st.html(f'<p class="tt-p">{escape(off)}</p>')
    judged = incident.handling == "resolved" and not incident.worse
    hint = "Why it is to be reopened, or a comment" if judged else "A cause or a comment, seen by everyone"
    free = incident.handling == "new" or incident.worse
    with st.form(f"incident_{form.command_id}", border=False, enter_to_submit=False):
        st.text_input(
            "Text",
            form.text,
            key=_text_key(form.command_id),
            max_chars=LONGEST_TEXT,
            placeholder=hint,
            label_visibility="collapsed",
            disabled=bool(off),
        )
        with st.container(horizontal=True, gap="small", key="incident_buttons"):
            for action in (REOPEN, COMMENT) if judged else (ACKNOWLEDGE, *JUDGEMENTS, COMMENT):
                _button(connection, choices, incident, action, off=bool(off) or (action is ACKNOWLEDGE and not free))
        if not judged:
            with st.container(horizontal=True, gap="small", key="incident_assign"):
                st.text_input(
                    "Assign to",
                    key=_assignee_key(form.command_id),
                    max_chars=200,
                    placeholder="Name of whose it is to be",
                    label_visibility="collapsed",
                    disabled=bool(off),
                )
                _button(connection, choices, incident, ASSIGN, off=bool(off))
    ask_name(off=bool(off))


def _button(connection: Connection, choices: Choices, incident: Incident, action: Action, *, off: bool) -> None:
    command_id = _form(incident.incident_id).command_id
    st.form_submit_button(
        action.label,
        key=f"{action.key}_{command_id}",
        type="primary" if action is ACKNOWLEDGE else "secondary",
        on_click=_act,
        args=(connection, choices, incident, command_id, action),
        disabled=off,
    )


def _act(connection: Connection, choices: Choices, incident: Incident, command_id: str, action: Action) -> None:
    """Carry out what was clicked, before the page is drawn.

    A form that was answered is not sent again: the second of a double click finds another form in its place.
    """
    name = incident.incident_id
    form = _form(name)
    if form.command_id != command_id:
        return
    text = str(st.session_state.get(_text_key(command_id), "")).strip()
    assignee = str(st.session_state.get(_assignee_key(command_id), "")).strip()
    said, missing = _said(action, text, assignee)
    if missing:
        _keep(name, replace(form, text=text, told=missing_html(missing)))
        return
    wish = Wish(action=action.name, said=said, version=incident.version)
    if form.unconfirmed and (form.unconfirmed.action, form.unconfirmed.said) == (action.name, said):
        wish = form.unconfirmed
    elif form.unconfirmed:
        form = replace(form, command_id=str(uuid4()))
    try:
        handled = connection.commands.handle_incident(
            name, wish.action, wish.said, version=wish.version, command_id=form.command_id, who=name_given()
        )
    except CommandRefused as error:
        _keep(name, Form(text=text, told=failed_html(error)))
        standing = error.problem.standing
        refresh(connection, choices, name, standing.position if standing else None)
    except CommandError as error:
        _keep(name, replace(form, text=text, told=failed_html(error), unconfirmed=wish))
    else:
        kept = text if action in {ACKNOWLEDGE, ASSIGN} else ""
        _keep(name, Form(text=kept, told=done_html(handled)))
        refresh(connection, choices, name, handled.position)


def _said(action: Action, text: str, assignee: str) -> tuple[Mapping[str, str], str]:
    """Return the body that the action sends, and what is missing in it."""
    match action.name:
        case "resolve":
            return {"judgement": action.judgement, "cause": text}, ""
        case "comment":
            return {"text": text}, "" if text else "A text"
        case "reopen":
            return {"because": text}, "" if text else "A reason"
        case "assign":
            return {"assignee": assignee}, "" if assignee else "A name"
        case _:
            return {}, ""


def why_off(connection: Connection, choices: Choices) -> str:
    """Return why nothing can be changed from here, if so."""
    if choices.known_at is not None:
        return "Actions are on the present; they are off while one looks back."
    if not connection.may_command:
        return "None of the keys that this dashboard was started with may operate: TELLTALE_API_KEYS."
    return "The API does not answer: how the incident stands now is not known." if choices.stale else ""


def _form(incident_id: str) -> Form:
    forms: dict[str, Form] = st.session_state.setdefault(FORMS, {})
    return forms.setdefault(incident_id, Form())


def _keep(incident_id: str, form: Form) -> None:
    st.session_state[FORMS][incident_id] = form


def _text_key(command_id: str) -> str:
    return f"said_{command_id}"


def _assignee_key(command_id: str) -> str:
    return f"assignee_{command_id}"
