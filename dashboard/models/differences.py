"""What one model finds and the other does not: faults, incidents, kinds, the worst single readings."""

from collections import Counter
from datetime import timedelta
from html import escape
from typing import Final
from urllib.parse import urlencode

import streamlit as st

from dashboard.answers.models import Fault, Flip, ModelsDiff
from dashboard.frame.choices import moment_text
from dashboard.look.formats import clock, kind_name, many, number, times
from dashboard.memory import now
from dashboard.models.budgets import name_of, numbers_of
from dashboard.parts.words import heading, mono, table, tag
from dashboard.reasons import sensor_name

AFTER: Final = timedelta(minutes=1)
"""What page Sensor shows behind a reading, so that it does not stand at the edge."""

MOST_FLIPS: Final = 5


def show_faults(diff: ModelsDiff) -> None:
    """Write which labelled faults each finds, the incidents that no fault explains, and the sum of it in a sentence."""
    numbers = diff.numbers
    heading("Faults found and false incidents", "by ground truth")
    found: Counter[str] = Counter()
    for_b: Counter[str] = Counter()
    all_: Counter[str] = Counter()
    for fault in diff.report.faults.named:
        all_[fault.label] += 1
        found[fault.label] += fault.champion_found
        for_b[fault.label] += fault.challenger_found
    rows = [
        [
            escape(kind_name(label)),
            f"{found[label]} of {count}",
            _bold(f"{for_b[label]} of {count}", differs=found[label] != for_b[label]),
        ]
        for label, count in sorted(all_.items())
    ]
    if others := diff.report.faults.others:
        rows.append([f"{many(others, 'more fault')}", "", ""])
    rows += [
        [
            "incidents",
            number(numbers.champion_incidents),
            _bold(
                number(numbers.challenger_incidents),
                differs=numbers.champion_incidents != numbers.challenger_incidents,
            ),
        ],
        [
            "of these explained by no fault",
            number(numbers.champion_unexplained_incidents),
            _bold(
                number(numbers.challenger_unexplained_incidents),
                differs=numbers.champion_unexplained_incidents != numbers.challenger_unexplained_incidents,
            ),
        ],
    ]
    table(["", escape(diff.a), escape(diff.b)], rows, right=(1, 2))
    st.html(f'<p class="tt-p"><b>{escape(sum_of(diff))}</b> {escape(both_miss(diff.report.faults.named))}</p>')


def sum_of(diff: ModelsDiff) -> str:
    """Return what changes with the challenger: `pump/3 finds 1 fault more` and the like."""
    numbers = diff.numbers
    faults = numbers.challenger_found - numbers.champion_found
    false = numbers.challenger_unexplained_incidents - numbers.champion_unexplained_incidents
    told = []
    if numbers.labelled_faults:
        told.append(f"finds {_more(faults, 'fault')}" if faults else "finds as many faults")
    told.append(f"has {_more(false, 'false incident')}" if false else "has as many false incidents")
    return f"{diff.b} {' and '.join(told)}."


def both_miss(faults: tuple[Fault, ...]) -> str:
    """Return which faults neither finds."""
    missed = [fault for fault in faults if not (fault.champion_found or fault.challenger_found)]
    if not missed:
        return ""
    named = ", ".join(f"{kind_name(fault.label)} on {fault.machine_id}" for fault in missed[:3])
    more = f" and {len(missed) - 3} more" if len(missed) > 3 else ""
    return f"Both miss {named}{more}."


def show_gate(diff: ModelsDiff) -> None:
    """Write how the comparison stands against the gate's budgets."""
    state = tag("inside the budgets", "accent") if diff.within_budgets else tag("outside the budgets", "ink")
    heading("Gate", state)
    rows = []
    for check in diff.checks:
        measured, limit = numbers_of(check)
        kept = "kept" if check.kept else tag("broken", "ink")
        rows.append([escape(name_of(check)), measured, limit, kept])
    table(["budget", "measured", "limit", ""], rows, right=(1, 2))


def show_gained_and_lost(diff: ModelsDiff) -> None:
    """Write by kind which abnormal readings come and go, and the worst of them with links."""
    decided = diff.report.decisions
    note = f"{number(decided.readings - decided.gained - decided.lost)} of {number(decided.readings)} judged alike"
    heading("Gained and lost", note)
    table(
        ["kind", escape(diff.a), escape(diff.b), "gained", "lost"],
        [
            [
                escape(kind_name(kind)),
                *(number(count) for count in (one.champion, one.challenger, one.gained, one.lost)),
            ]
            for kind, one in sorted(diff.report.kinds.items())
        ]
        + [["all readings", "", "", f"<b>{number(decided.gained)}</b>", f"<b>{number(decided.lost)}</b>"]],
        right=(1, 2, 3, 4),
    )
    flips = [("gained", flip) for flip in diff.report.flips.gained[:MOST_FLIPS]]
    flips += [("lost", flip) for flip in diff.report.flips.lost[:MOST_FLIPS]]
    if flips:
        table(
            ["worst", "reading", "label", escape(diff.a), escape(diff.b)],
            [_flip_row(direction, flip) for direction, flip in flips],
            right=(3, 4),
        )


def _flip_row(direction: str, flip: Flip) -> list[str]:
    asked = {
        "machine": flip.machine_id,
        "sensor": flip.sensor_id,
        "until": moment_text(flip.recorded_at + AFTER),
    }
    name = escape(f"{sensor_name(flip.machine_id, flip.sensor_id)}, {clock(flip.recorded_at, now())}")
    return [
        direction,
        f'<a href="sensor?{escape(urlencode(asked))}" target="_self">{name}</a><small>{mono(flip.position)}</small>',
        escape(kind_name(flip.label)),
        times(flip.champion_score, 2),
        times(flip.challenger_score, 2),
    ]


def _bold(text: str, *, differs: bool) -> str:
    return f"<b>{text}</b>" if differs else text


def _more(count: int, one: str) -> str:
    return f"{many(abs(count), one)} {'more' if count > 0 else 'less'}"
