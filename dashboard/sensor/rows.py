"""Rows for a sensor's charts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

from dashboard.answers.machines import ChannelSeries, ReadingSeries
from dashboard.answers.swimlane import ModelChange
from dashboard.answers.verdicts import Verdict
from dashboard.look.formats import digits_for, kind_name, times
from dashboard.look.palette import severity_of
from dashboard.reasons import leading_channels

Row = Mapping[str, object]

SAME_MOMENT: Final = 0.04
"""Part of the range within which names would be printed over each other."""
EARLY: Final = 0.15
"""Part of the range in which a name has no room on the left of its line."""
MOST_NAMES: Final = 4


def channel_rows(series: ReadingSeries, channel: ChannelSeries) -> list[Row]:
    """Return the channel over time; a gap keeps its place without a value, so that the line breaks there."""
    return [
        {"at": at, "mean": mean, "low": channel.expected_low, "high": channel.expected_high}
        for at, mean in zip(series.times, channel.mean, strict=True)
    ]


def score_rows(series: ReadingSeries) -> list[Row]:
    """Return the score over time, with its severity where it is above the threshold."""
    return [
        {"at": at, "ratio": score, "severity": severity_of(score) if score is not None and score > 1 else None}
        for at, score in zip(series.times, series.scores, strict=True)
    ]


def beyond_rows(series: ReadingSeries, edge: float) -> list[Row]:
    """Return the peak of every run of scores above the chart's `edge`; the highest of all with its value as text."""
    width = series.ends_at - series.starts_at
    known = [(at, score) for at, score in zip(series.times, series.scores, strict=True) if score is not None]
    runs = groupby(known, key=lambda one: one[1] > edge)
    peaks = [max(run, key=lambda one: one[1]) for above, run in runs if above]
    highest = max(peaks, key=lambda one: one[1], default=None)
    return [
        {
            "at": peak[0],
            "ratio": peak[1],
            "severity": severity_of(peak[1]),
            "told": times(peak[1]) if peak is highest else "",
            "early": peak[0] - series.starts_at < EARLY * width,
        }
        for peak in peaks
    ]


def verdict_rows(verdicts: Iterable[Verdict], channel: str) -> list[Row]:
    """Return the verdicts whose reason the channel is: what was measured, and what was expected instead."""
    return [
        {
            "at": verdict.recorded_at,
            "value": verdict.measurements.get(channel),
            "expected": verdict.expected.get(channel),
            "severity": verdict.severity,
            "score": verdict.score,
            "kind": kind_name(verdict.kind),
        }
        for verdict in verdicts
        if channel in leading_channels(verdict)
    ]


THEN: Final = "known then"
"""Name of the line at the earlier time that one looks back to; behind it nothing was known yet."""


def change_rows(
    changes: Iterable[ModelChange], starts_at: datetime, ends_at: datetime, then: datetime | None = None
) -> list[Row]:
    """Return the model changes inside the range, since one outside would widen the axis, and the moment `then`.

    Those at as good as the same time are one line with several names.
    """
    if then is not None:
        changes = [*changes, ModelChange(at=then, profile="", model=THEN, previous=None)]
    width = ends_at - starts_at
    groups: list[list[ModelChange]] = []
    for change in sorted(changes, key=lambda change: (change.at, change.model)):
        if not starts_at <= change.at <= ends_at:
            continue
        if groups and change.at - groups[-1][0].at < SAME_MOMENT * width:
            groups[-1].append(change)
        else:
            groups.append([change])
    return [
        {"at": group[0].at, "model": _names(group), "early": group[0].at - starts_at < EARLY * width}
        for group in groups
    ]


def _names(group: Sequence[ModelChange]) -> str:
    names = list(dict.fromkeys(change.model for change in group))
    return ", ".join(names) if len(names) <= MOST_NAMES else f"{len(names)} models"


def digits_of(channel: ChannelSeries) -> int:
    """Return the channel's decimals: by what is expected of it, else by what was measured."""
    if channel.expected_low is not None and channel.expected_high is not None:
        return digits_for((channel.expected_low + channel.expected_high) / 2)
    measured = [abs(value) for value in channel.mean if value is not None]
    return digits_for(sorted(measured)[len(measured) // 2] if measured else None)


def latest(values: Sequence[float | None]) -> float | None:
    """Return the last value that is known."""
    return next((value for value in reversed(values) if value is not None), None)
