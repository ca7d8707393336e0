"""Which labelled faults each of two models finds and after how long, and whom it calls for nothing."""

from collections import defaultdict
from collections.abc import Iterable
from html import escape
from statistics import median

import streamlit as st

from dashboard.answers.models import Fault, ModelsDiff
from dashboard.look.formats import UNKNOWN, kind_name, many, number, span
from dashboard.parts.words import heading, table


def show_found(diff: ModelsDiff) -> None:
    """Write the faults by their label, the incidents by the kind that opened them, and the sum of it in a sentence."""
    a, b = escape(diff.a), escape(diff.b)
    heading("Faults found and false incidents", "by ground truth")
    faults = fault_rows(diff.report.faults.named)
    if others := diff.report.faults.others:
        faults.append([f"{many(others, 'more fault')}", "", "", "", ""])
    if faults:
        table(["fault", f"{a} found", "median delay", f"{b} found", "median delay"], faults, right=(1, 2, 3, 4))
    table(["incidents opened by", a, b], incident_rows(diff), right=(1, 2))
    st.html(f'<p class="tt-p"><b>{escape(sum_of(diff))}</b> {escape(both_miss(diff.report.faults.named))}</p>')


def fault_rows(faults: Iterable[Fault]) -> list[list[str]]:
    """Return of each label how many of its faults each model finds, and how long after their onset: half are faster."""
    by_label: dict[str, list[Fault]] = defaultdict(list)
    for fault in faults:
        by_label[fault.label].append(fault)
    rows = []
    for label, some in sorted(by_label.items()):
        found_a, found_b = sum(one.champion_found for one in some), sum(one.challenger_found for one in some)
        rows.append(
            [
                escape(kind_name(label)),
                f"{found_a} of {len(some)}",
                _median(one.champion_delay_s for one in some if one.champion_found),
                _bold(f"{found_b} of {len(some)}", differs=found_a != found_b),
                _median(one.challenger_delay_s for one in some if one.challenger_found),
            ]
        )
    return rows


def incident_rows(diff: ModelsDiff) -> list[list[str]]:
    """Return of each kind of detector how many incidents it opened; then all, and those that no fault explains.

    The comparison does not say by kind which of them were explained.
    """
    opened = diff.report.incidents_opened_by
    champion, challenger = opened.get("champion", {}), opened.get("challenger", {})
    numbers = diff.numbers
    rows = [
        (escape(_kinds(kinds)), champion.get(kinds, 0), challenger.get(kinds, 0))
        for kinds in sorted({*champion, *challenger})
    ]
    rows += [
        ("all incidents" if rows else "incidents", numbers.champion_incidents, numbers.challenger_incidents),
        (
            "of these explained by no fault",
            numbers.champion_unexplained_incidents,
            numbers.challenger_unexplained_incidents,
        ),
    ]
    return [[what, number(a), _bold(number(b), differs=a != b)] for what, a, b in rows]


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


def _kinds(kinds: str) -> str:
    """Return the kinds that opened an incident together: `shift and spike`."""
    return " and ".join(kind_name(kind) for kind in kinds.split("+"))


def _median(delays_s: Iterable[float | None]) -> str:
    known = [delay for delay in delays_s if delay is not None]
    return span(median(known)) if known else UNKNOWN


def _bold(text: str, *, differs: bool) -> str:
    return f"<b>{text}</b>" if differs else text


def _more(count: int, one: str) -> str:
    return f"{many(abs(count), one)} {'more' if count > 0 else 'less'}"
