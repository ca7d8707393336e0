"""Whether every arriving reading is being judged: only then may a page say that all is quiet."""

from html import escape

import streamlit as st

from dashboard.answers.operations import Freshness, JudgingAnswer
from dashboard.client import ApiError
from dashboard.connection import Connection
from dashboard.frame.freshness import BEHIND_AFTER_S, ask_freshness
from dashboard.look.formats import many, span
from dashboard.parts.layout import EVERY_S
from dashboard.parts.words import banner, mono

JUDGED = "judged"

NAMES = {
    "catching_up": "Behind: readings wait to be judged",
    "falling_behind": "Falling behind: readings come faster than they are judged",
    "not_judged": "Readings are not being judged",
    "unknown": "Whether readings are judged is not known",
}


def all_is_judged(fresh: Freshness) -> bool:
    """Return whether every arriving reading is being judged and shown."""
    shown = fresh.behind_s is not None and fresh.behind_s <= BEHIND_AFTER_S
    return fresh.judging.state == JUDGED and shown


@st.fragment(run_every=EVERY_S)
def show_judging(connection: Connection) -> None:
    """Write the banner while it does not hold."""
    try:
        answered = ask_freshness(connection)
    except ApiError:
        return
    if not answered.stale and answered.value.judging.state != JUDGED:
        banner(judging_html(answered.value.judging))


def judging_html(judging: JudgingAnswer) -> str:
    """Return what does not hold, since when, and why."""
    name = NAMES.get(judging.state, "Not every reading is being judged")
    waiting = many(judging.unjudged, "record") + " wait" if judging.unjudged else ""
    oldest = f"the oldest for {span(judging.oldest_unjudged_s)}" if judging.oldest_unjudged_s else ""
    told = ", ".join(filter(None, (waiting, oldest)))
    cause = f" {escape(judging.cause.removesuffix('.'))}." if judging.cause else ""
    silent = " No incident does not mean that nothing is wrong."
    return f"<b>{name}</b><span>{told}{'.' if told else ''}{cause}{silent}</span>{mono('telltale status', 'muted')}"
