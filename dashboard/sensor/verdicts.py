"""The sensor's verdicts in the range; each is a link, so that what one sees can be sent to somebody."""

from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

import streamlit as st

from dashboard.answers.verdicts import Verdict
from dashboard.client import MOST_ROWS as MOST_ASKED
from dashboard.frame.choices import Choices
from dashboard.look.formats import clock, many, short_kind, times
from dashboard.look.palette import rank
from dashboard.memory import now
from dashboard.parts.words import heading, severity, table, tag
from dashboard.reasons import leading_channels
from dashboard.sensor.asking import Seen

MOST_ROWS: Final = 8

QUIET_FOR: Final = timedelta(minutes=5)
"""After so long without a verdict the next one is news."""


def show_verdicts(seen: Seen, choices: Choices, explained: Verdict | None) -> None:
    """Write the verdicts that say something new."""
    if not seen.verdicts:
        return
    shown = shown_verdicts(seen.verdicts, explained)
    most = "the newest " if len(seen.verdicts) >= MOST_ASKED else ""
    heading("Verdicts here", f"{most}{many(len(seen.verdicts), 'verdict')}, {choices.reach}")
    if len(shown) < len(seen.verdicts):
        st.html(
            f'<p class="tt-p">Listed are {len(shown)}: where kind or severity changed or a time of quiet ended, and '
            "the worst and the newest. The others say the same as the one before them.</p>"
        )
    on = next((place for place, verdict in enumerate(shown) if verdict == explained), None)
    table(["", "at", "channel", "kind", "score"], [_row(verdict, choices) for verdict in shown], right=(4,), on=on)


def shown_verdicts(verdicts: tuple[Verdict, ...], explained: Verdict | None) -> list[Verdict]:
    """Return the verdicts at which something changed, with the newest, the worst and the explained one; newest first.

    `verdicts` are newest first; a fault is one at every reading, and nobody reads a thousand rows that say the same.
    """
    told: list[Verdict] = []
    before: Verdict | None = None
    for verdict in reversed(verdicts):
        if before is None or _news(verdict, before):
            told.append(verdict)
        before = verdict
    worst = max(verdicts, key=lambda verdict: (rank(verdict.severity), verdict.score))
    always = {verdict.event_id: verdict for verdict in (explained, verdicts[0], worst) if verdict is not None}
    newest = [verdict for verdict in reversed(told) if verdict.event_id not in always]
    kept = [*always.values(), *newest[: MOST_ROWS - len(always)]]
    return sorted(kept, key=lambda verdict: verdict.recorded_at, reverse=True)


def _news(verdict: Verdict, before: Verdict) -> bool:
    """Return whether the verdict is of another kind or severity than the one before it, or ends a time of quiet."""
    if (verdict.severity, verdict.kind) != (before.severity, before.kind):
        return True
    return verdict.recorded_at - before.recorded_at > QUIET_FOR


def _row(verdict: Verdict, choices: Choices) -> list[str]:
    address = {**st.query_params.to_dict(), "machine": verdict.machine_id, "sensor": verdict.sensor_id}
    link = f"?{urlencode(address | {'verdict': verdict.event_id})}"
    later = choices.known_at is not None and verdict.known_at > choices.known_at
    note = "<br>" + tag("then: not known", "accent") if later else ""
    return [
        severity(verdict.severity),
        f'<a href="{link}" target="_self">{clock(verdict.recorded_at, now())}</a>{note}',
        ", ".join(leading_channels(verdict)[:2]),
        short_kind(verdict.kind),
        times(verdict.score),
    ]
