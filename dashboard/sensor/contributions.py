"""Which channel: bars on one scale, the threshold as an upright line."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

import streamlit as st

from dashboard.answers.machines import ChannelSeries
from dashboard.answers.verdicts import Verdict
from dashboard.look.formats import clock, number, times
from dashboard.look.palette import SEVERITY_LIMITS, severity_of
from dashboard.memory import now
from dashboard.parts.words import heading
from dashboard.reasons import FALLING_KINDS, channel_shares

FALL_READS: Final = (
    "How far the score falls when this channel alone is set to its usual value; past the line the reading is normal."
)
RATIO_READS: Final = (
    "Each channel's own score in thresholds of this kind; past the line it is abnormal. 0.0 ×: as this kind sees it, "
    "the channel did nothing unusual, though it may have moved: what load or the room explain, and what was slower or "
    "faster than this kind looks for, does not count."
)
KINDS_READ: Final[Mapping[str, str]] = {
    "spike": "spike: one reading far from those around it",
    "shift": "shift: the level moved and stayed",
    "drift": "drift: the level moves slowly, for long",
    "stuck": "stuck: the same value again and again",
    "noise": "noise: it scatters more than usual",
    "joint": "joint: the channels do not go together as they did in training",
    "outside": "outside: a level beyond all that training saw, for as long as it lasts",
    "wear": "wear: slowly away from where training found it; written down, calls nobody",
    "isolation_forest": "isolation forest: the channels together are unusual, each may be usual alone",
}


def show_contributions(verdict: Verdict, channels: Sequence[ChannelSeries]) -> None:
    """Write one bar per channel, largest first; a channel without a part says that it is not judged."""
    falling = verdict.kind in FALLING_KINDS
    heading("Which channel", f"verdict of {clock(verdict.recorded_at, now())}")
    limit = verdict.score - 1 if falling else 1.0
    shares = channel_shares(verdict)
    unjudged = [channel.name for channel in channels if channel.name not in shares]
    most = max([limit, *shares.values()]) * 1.05 or 1.0
    bars = "".join(_bar(name, share, limit, most, falling=falling) for name, share in shares.items())
    bars += "".join(_bar(name, None, limit, most, falling=falling) for name in unjudged)
    kind = f"{KINDS_READ[verdict.kind]}. " if verdict.kind in KINDS_READ else ""
    reads = f"{kind}{FALL_READS if falling else RATIO_READS} {SEVERITY_LIMITS}"
    st.html(f'<div class="tt-contrib">{bars}</div><p class="tt-p" style="margin-top:.5rem">{reads}</p>')


def _bar(name: str, share: float | None, limit: float, most: float, *, falling: bool) -> str:
    fill = ""
    if share is not None and share > 0:
        colour = _colour(share, limit, falling=falling)
        fill = f'<i style="width:{min(share / most, 1):.1%};background:var(--{colour})"></i>'
    bar = f'<span class="b">{fill}<u style="left:{limit / most:.1%}"></u></span>'
    return f'<span>{escape(name)}</span>{bar}<span class="right nowrap">{_figure(share, falling=falling)}</span>'


def _colour(share: float, limit: float, *, falling: bool) -> str:
    if falling:
        return "high" if share >= limit else "warning" if share >= limit / 2 else "nodata"
    return severity_of(share) if share > 1 else "nodata"


def _figure(share: float | None, *, falling: bool) -> str:
    if share is None:
        return '<span class="faint">not judged</span>'
    return number(-share if abs(share) >= 0.005 else 0.0, "×", 2) if falling else times(share)
