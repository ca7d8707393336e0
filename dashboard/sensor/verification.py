"""Judging a verdict's reading again: equal, or both numbers. It only asks; nothing is changed by it."""

from html import escape
from time import monotonic
from typing import Final

import streamlit as st

from dashboard.answers.verdicts import Verdict, Verification
from dashboard.client import ApiError
from dashboard.connection import Connection
from dashboard.frame.choices import Choices
from dashboard.look.formats import UNKNOWN, span
from dashboard.parts.words import command, mono

PARAMETER: Final = "verify"
"""In the address: the verdict that was judged again, so that a link shows what one saw."""

KEPT: Final = "verified"

SCORE: Final = "score"
"""The check of the score among the checks."""

Outcome = tuple[Verification | str, float]
"""What came of it, or why nothing did; and how long it took in seconds."""


def show_verification(connection: Connection, choices: Choices, verdict: Verdict) -> None:
    """Offer to judge again, or write what came of it; the command does the same from a terminal."""
    if st.query_params.get(PARAMETER) == verdict.event_id:
        with st.spinner("Judging the reading again…"):
            outcome, took_s = _outcome(connection, choices, verdict)
        if isinstance(outcome, Verification):
            st.html(outcome_html(outcome, verdict.model.model, took_s))
        else:
            st.html(
                '<div class="tt-banner conflict"><span><b>Not judged again.</b> '
                f"{escape(outcome)} Nothing was found to differ.</span></div>"
            )
            st.button("Try again", key="verify_again", on_click=_forget, disabled=choices.stale)
    else:
        st.button(
            "Verify: score it again",
            key="verify_button",
            on_click=_ask_for,
            args=(verdict.event_id,),
            disabled=choices.stale,
        )
    command(f"telltale explain {verdict.event_id} --verify")


def outcome_html(found: Verification, model: str, took_s: float) -> str:
    """Return `Re-scored: equal`, or `differs` with both scores and everything else that is not as recorded."""
    recorded, again = _scores(found)
    if found.equal:
        exact = ", to the last bit" if found.same_runtime else ", by another version of the engine that scores"
        checked = ", ".join(escape(check.what) for check in found.checks if check.equal)
        return (
            f'<div class="tt-banner same"><span><b>Re-scored: equal</b>{exact}: {again} in {span(took_s)}, from the '
            f"stored reading and the stored {escape(model)}.<br><small>equal: {checked}</small></span></div>"
        )
    told = "".join(
        f"<br>{escape(check.what)}: recorded {mono(check.recorded)}, now {mono(check.found)}"
        for check in found.checks
        if check.equal is False and check.what != SCORE
    )
    return (
        f'<div class="tt-banner conflict"><span><b>Re-scored: differs.</b> Recorded <b>{recorded}</b>, judged again '
        f"<b>{again}</b> by the stored {escape(model)}.{told}</span></div>"
    )


def _scores(found: Verification) -> tuple[str, str]:
    """Return both scores with every digit: whoever compares wants to see where the two part."""
    check = next((check for check in found.checks if check.what == SCORE), None)
    return (escape(check.recorded), escape(check.found)) if check else (UNKNOWN, UNKNOWN)


def _outcome(connection: Connection, choices: Choices, verdict: Verdict) -> Outcome:
    """Return the outcome of this page's one asking: a part that draws itself again must not judge again."""
    kept: dict[str, Outcome] = st.session_state.setdefault(KEPT, {})
    if verdict.event_id not in kept:
        began = monotonic()
        try:
            found = connection.api.verified(verdict.event_id, choices.as_of).verification
            said: Verification | str = found or "This API does not judge again."
            if found is not None and found.because:
                said = f"{found.because}."
        except ApiError as error:
            said = f"{error}."
        kept[verdict.event_id] = (said, monotonic() - began)
    return kept[verdict.event_id]


def _ask_for(event_id: str) -> None:
    # The verdict too: unasked the page goes on to whichever is newest and worst.
    st.query_params["verdict"] = event_id
    st.query_params[PARAMETER] = event_id
    _forget()


def _forget() -> None:
    st.session_state.pop(KEPT, None)
