"""Choosing two versions, and what came of comparing them."""

from datetime import datetime
from html import escape

import streamlit as st

from dashboard.answers.models import ModelsDiff, Timeline, TrainedVersion
from dashboard.connection import Connection
from dashboard.frame.choices import Choices, moment_text
from dashboard.look.formats import clock, number
from dashboard.memory import now
from dashboard.models.asking import Pair, ask_diff, line_of
from dashboard.models.differences import show_faults, show_gained_and_lost, show_gate
from dashboard.models.scores import show_scores
from dashboard.parts.layout import split
from dashboard.parts.words import command, empty, heading


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


def show_comparison(connection: Connection, choices: Choices, pair: Pair, timelines: dict[str, Timeline]) -> None:
    """Write the newest comparison of the pair, or how to make one."""
    a, b = pair
    if a == b or line_of(a) != line_of(b):
        which = "They are the same version" if a == b else f"{a} and {b} are of two lines: no reading is judged by both"
        empty(f"<b>Nothing to compare.</b><br>{escape(which)}. Choose two versions of one line.")
        return
    diff = ask_diff(connection, choices, pair)
    if diff is None:
        when = f" by {clock(choices.as_of, now())}" if choices.as_of else " yet"
        empty(
            f"<b>{escape(a)} and {escape(b)} were not compared{when}.</b><br>"
            "Both judge the same readings of the log from its beginning; the outcome is written to the log."
        )
        _commands(pair, None, choices, timelines)
        return
    st.html(f'<p class="tt-p">{escape(_history(diff))}</p>')
    left, right = split([1, 1], key="comparison")
    with left:
        show_scores(diff)
        show_gained_and_lost(diff)
    with right:
        show_faults(diff)
        show_gate(diff)
        _commands(pair, diff, choices, timelines)


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


def _commands(pair: Pair, diff: ModelsDiff | None, choices: Choices, timelines: dict[str, Timeline]) -> None:
    """Write what can be done, unless one looks at an earlier time."""
    a, b = pair
    if choices.known_at is not None:
        st.html('<p class="tt-p">Commands act on the present; they are shown when nothing is looked back at.</p>')
        return
    command(diff_command(pair, diff))
    if diff is None:
        return
    timeline = timelines.get(line_of(b))
    champion = timeline.reigns[-1].model if timeline and timeline.reigns else None
    with st.container(border=True, key="promote"):
        if champion == b:
            heading(f"{b} is champion", "verdicts of earlier models stay as they are")
            if timeline and len(timeline.reigns) > 1:
                command(f'telltale models rollback {line_of(b)} --because "…"')
        else:
            heading(f"Promote {b}", "scores from the next transaction on; earlier verdicts stay as they are")
            if not diff.within_budgets:
                st.html(
                    '<p class="tt-p">The gate refuses it: a budget is not kept. With --force it is promoted all the '
                    "same, and the log says so.</p>"
                )
            elif champion not in {None, a}:
                st.html(
                    f'<p class="tt-p">The gate asks for a comparison with {escape(str(champion))}, the champion.</p>'
                )
            command(f'telltale models promote {b} --because "…"')
        st.html('<p class="tt-p">Or first judge history with it, into topics of its own, live left alone:</p>')
        command(f"telltale rescore {b}")


def diff_command(pair: Pair, diff: ModelsDiff | None) -> str:
    """Return the command that compares the pair, over the same bounds when they were compared."""
    bounds = ""
    if diff and diff.recorded_from:
        bounds += f" --from {moment_text(diff.recorded_from)}"
    if diff and diff.recorded_before:
        bounds += f" --to {moment_text(diff.recorded_before)}"
    return f"telltale models diff {pair[0]} {pair[1]}{bounds}"
