"""The sensor's verdicts in the range; each is a link, so that what one sees can be sent to somebody."""

from urllib.parse import urlencode

import streamlit as st

from dashboard.answers.verdicts import Verdict
from dashboard.frame.choices import Choices
from dashboard.look.formats import clock, kind_name, many, times
from dashboard.look.palette import rank
from dashboard.memory import now
from dashboard.parts.words import heading, severity, table, tag
from dashboard.reasons import leading_channels
from dashboard.sensor.asking import Seen

MOST_ROWS = 8


def show_verdicts(seen: Seen, choices: Choices, explained: Verdict | None) -> None:
    """Write the newest verdicts, with the worst one and the explained one among them."""
    if not seen.verdicts:
        return
    heading("Verdicts here", f"{many(len(seen.verdicts), 'verdict')}, last {choices.reach}")
    shown = shown_verdicts(seen.verdicts, explained)
    on = next((place for place, verdict in enumerate(shown) if verdict == explained), None)
    table(["", "at", "channel", "kind", "score"], [_row(verdict, choices) for verdict in shown], right=(4,), on=on)


def shown_verdicts(verdicts: tuple[Verdict, ...], explained: Verdict | None) -> list[Verdict]:
    """Return the newest, the worst and the explained verdict, newest first, at most MOST_ROWS."""
    worst = max(verdicts, key=lambda verdict: (rank(verdict.severity), verdict.score))
    kept = {verdict.event_id: verdict for verdict in (explained, worst, *verdicts) if verdict is not None}
    return sorted(list(kept.values())[:MOST_ROWS], key=lambda verdict: verdict.recorded_at, reverse=True)


def _row(verdict: Verdict, choices: Choices) -> list[str]:
    address = {**st.query_params.to_dict(), "machine": verdict.machine_id, "sensor": verdict.sensor_id}
    link = f"?{urlencode(address | {'verdict': verdict.event_id})}"
    later = choices.known_at is not None and verdict.known_at > choices.known_at
    note = "<br>" + tag("then: not known", "accent") if later else ""
    return [
        severity(verdict.severity),
        f'<a href="{link}" target="_self">{clock(verdict.recorded_at, now())}</a>{note}',
        ", ".join(leading_channels(verdict)[:2]),
        kind_name(verdict.kind),
        times(verdict.score),
    ]
