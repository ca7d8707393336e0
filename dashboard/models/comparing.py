"""Choosing two versions, and what came of comparing them."""

from collections.abc import Mapping
from datetime import datetime
from html import escape

import streamlit as st

from dashboard.answers.models import ModelsDiff, Timeline, TrainedVersion
from dashboard.connection import Connection
from dashboard.frame.choices import Choices, moment_text
from dashboard.look.formats import clock, number
from dashboard.memory import now
from dashboard.models.asking import Pair, ask_diff, ask_timelines, line_of
from dashboard.models.differences import show_gained_and_lost, show_gate
from dashboard.models.found import show_found
from dashboard.models.promoting import show_promotion
from dashboard.models.scores import show_scores
from dashboard.parts.layout import live, split
from dashboard.parts.words import command, empty


def choose_pair(trained: tuple[TrainedVersion, ...], first: Pair) -> Pair:
    """Draw the two lists; both are in the address."""
    names = list(dict.fromkeys([*sorted(version.model for version in trained), *first]))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="pair"):
        st.html('<div class="tt-h">Compare</div>', width="content")
        champion = _choose("Champion", names, first[0], key="a")
        st.html('<span class="muted">with</span>', width="content")
        challenger = _choose("Challenger", names, first[1], key="b")
    return champion, challenger


def _choose(label: str, names: list[str], default: str, *, key: str) -> str:
    # What is shown unasked stays while the page is open: a comparison made elsewhere must not change the subject.
    kept = st.session_state.setdefault(f"first_{key}", default)
    place = names.index(kept if kept in names else default)
    chosen: str = st.selectbox(
        label, names, index=place, key=key, bind="query-params", label_visibility="collapsed", width=170
    )
    return chosen


def show_comparison(
    connection: Connection, choices: Choices, pair: Pair, names: tuple[str, ...], timelines: Mapping[str, Timeline]
) -> None:
    """Write the newest comparison of the pair, or how to make one, and the form that promotes the challenger.

    Raises:
        ApiError: it was never answered.
    """
    a, b = pair
    line = timelines[line_of(b)]
    if a == b or line_of(a) != line_of(b):
        which = "They are the same version" if a == b else f"{a} and {b} are of two lines: no reading is judged by both"
        empty(f"<b>Nothing to compare.</b><br>{escape(which)}. Choose two versions of one line.")
        if not line.reigns:
            show_promotion(connection, choices, b, line)
        return
    diff = ask_diff(connection, choices, pair)
    live(_follow, moving=choices.moving)(connection, choices, pair, names, drawn=_state(diff, line))
    if diff is None:
        when = f" by {clock(choices.as_of, now())}" if choices.as_of else " yet"
        empty(
            f"<b>{escape(a)} and {escape(b)} were not compared{when}.</b><br>"
            "Both judge the same readings of the log from its beginning; the outcome is written to the log."
        )
        _diff_command(pair, None, choices)
        show_promotion(connection, choices, b, line, gate_note(pair, None, line))
        return
    st.html(f'<p class="tt-p">{escape(_history(diff))}</p>')
    left, right = split([1, 1], key="comparison")
    with left:
        show_scores(diff)
        show_gained_and_lost(diff)
    with right:
        show_found(diff)
        show_gate(diff)
        show_promotion(connection, choices, b, line, gate_note(pair, diff, line))
        _diff_command(pair, diff, choices)


def _follow(
    connection: Connection, choices: Choices, pair: Pair, names: tuple[str, ...], *, drawn: tuple[str, str]
) -> None:
    """Draw the whole page anew when the pair was compared again or another version became champion.

    The form is not part of anything live, and must not speak of a champion that is none any more.
    """
    line = ask_timelines(connection, choices, names)[line_of(pair[1])]
    if _state(ask_diff(connection, choices, pair), line) != drawn:
        st.rerun()


def _state(diff: ModelsDiff | None, line: Timeline) -> tuple[str, str]:
    """Return the positions of what the comparison and the form rest on."""
    return diff.position if diff else "", line.reigns[-1].position if line.reigns else ""


def gate_note(pair: Pair, diff: ModelsDiff | None, line: Timeline) -> str:
    """Return what the gate will say to the challenger, where that is known beforehand."""
    a, b = pair
    champion = line.reigns[-1].model if line.reigns else None
    if champion == b:
        return ""
    if champion is None:
        return "No version is champion: the first needs a reason and no comparison."
    if champion != a or diff is None:
        return f"The gate asks for a comparison with {champion}, the champion."
    if not diff.within_budgets:
        return (
            "The gate refuses it: a budget is not kept. With --force it is promoted all the same, and the log says so."
        )
    return ""


def _history(diff: ModelsDiff) -> str:
    numbers = diff.numbers
    between = _between(diff.recorded_from, diff.recorded_before)
    learned = diff.report.trained_on
    told = "".join(
        f" {model} had learned from {learned[part]:,} of them and looks better there than it is."
        for part, model in (("champion", diff.a), ("challenger", diff.b))
        if learned.get(part)
    )
    return (
        f"on {numbers.readings:,} readings{between}, {number(numbers.machine_days, 'machine-days', 2)}, "
        f"{numbers.labelled_faults:,} labelled faults; compared {clock(diff.compared_at, now())}, "
        f"{diff.position}.{told}"
    )


def _between(since: datetime | None, before: datetime | None) -> str:
    if since is None and before is None:
        return " (all in the log)"
    return f" from {clock(since, now())} to {clock(before, now())}"


def _diff_command(pair: Pair, diff: ModelsDiff | None, choices: Choices) -> None:
    """Write how the pair is compared, unless one looks at an earlier time."""
    if choices.known_at is None:
        command(diff_command(pair, diff))


def diff_command(pair: Pair, diff: ModelsDiff | None) -> str:
    """Return the command that compares the pair, over the same bounds when they were compared."""
    bounds = ""
    if diff and diff.recorded_from:
        bounds += f" --from {moment_text(diff.recorded_from)}"
    if diff and diff.recorded_before:
        bounds += f" --to {moment_text(diff.recorded_before)}"
    return f"telltale models diff {pair[0]} {pair[1]}{bounds}"
