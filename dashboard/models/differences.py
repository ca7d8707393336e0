"""What one model calls abnormal and the other does not: kinds, the worst single readings; and what the gate says."""

from datetime import timedelta
from html import escape
from typing import Final
from urllib.parse import urlencode

from dashboard.answers.models import Flip, ModelsDiff
from dashboard.frame.choices import moment_text
from dashboard.look.formats import clock, kind_name, number, times
from dashboard.memory import now
from dashboard.models.budgets import name_of, numbers_of
from dashboard.parts.words import heading, mono, table, tag
from dashboard.reasons import sensor_name

AFTER: Final = timedelta(minutes=1)
"""What page Sensor shows behind a reading, so that it does not stand at the edge."""

MOST_FLIPS: Final = 5


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
