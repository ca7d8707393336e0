"""What is told of a detector on cases: rows in alarm, incidents by the rule, events found and how late."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from domain.incident_rule import CONFIRMED_AFTER, quiet_for
from ml.detector import BoolArray, FloatArray, IntArray
from tests.benchmarks.detection.eyes_cases import Case

DAY_S: Final = 86_400.0
_LONGEST_GAP: Final = 20
_PAD_S: Final = 900.0
"""An incident that begins so soon after a labelled stretch is not called false."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One detector on one case."""

    fault_rows: int
    sound_rows: int
    found_rows: int
    false_rows: int
    judged: float
    false_incidents: int
    days: float
    delays_s: tuple[float | None, ...]
    """Per event; None: not found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One detector on a set. NaN where there is nothing to divide by."""

    recall: float
    mean_recall: float
    """Mean over cases, as the Tennessee Eastman process is published."""
    in_alarm: float
    false_per_day: float
    false_incidents: int
    days: float
    found: int
    events: int
    delay_s: float
    f1: float

    @property
    def found_share(self) -> float:
        """Return the share of events that were found."""
        return self.found / self.events if self.events else float("nan")


def tell(case: Case, ratios: FloatArray, kinds: Sequence[str]) -> Told:
    """Return what `ratios` (n, k), a column per kind that votes, are worth on the case's test rows."""
    above = np.nan_to_num(ratios, nan=0.0) > 1
    alarm = above.any(axis=1)
    interval_s = case.profile.expected_interval_s
    times = case.test.recorded_at_us
    pad_us = max(_PAD_S, 10 * interval_s) * 1e6
    labelled = [(times[first], times[after - 1]) for first, after in runs(case.fault | case.ignore)]
    false = [
        incident
        for incident in incidents_of(ratios, kinds, times, interval_s=interval_s)
        if not any(incident[0] <= end + pad_us and incident[1] >= begin for begin, end in labelled)
    ]
    return Told(
        fault_rows=int(case.fault.sum()),
        sound_rows=int(case.sound.sum()),
        found_rows=int((alarm & case.fault).sum()),
        false_rows=int((alarm & case.sound).sum()),
        judged=float(np.isfinite(ratios).any(axis=1).mean()) if len(ratios) else float("nan"),
        false_incidents=len(false),
        days=_days(times, case.sound, interval_s),
        delays_s=tuple(
            None if delay is None else delay * interval_s
            for delay in (_delay(above, kinds, first, after) for first, after in runs(case.event))
        ),
    )


def summary(told: Sequence[Told]) -> Summary:
    """Return the cases of one set together."""
    fault, sound = sum(one.fault_rows for one in told), sum(one.sound_rows for one in told)
    hits, false = sum(one.found_rows for one in told), sum(one.false_rows for one in told)
    days, incidents = sum(one.days for one in told), sum(one.false_incidents for one in told)
    delays = [delay for one in told for delay in one.delays_s]
    found = [delay for delay in delays if delay is not None]
    recalls = [one.found_rows / one.fault_rows for one in told if one.fault_rows]
    return Summary(
        recall=hits / fault if fault else float("nan"),
        mean_recall=float(np.mean(recalls)) if recalls else float("nan"),
        in_alarm=false / sound if sound else float("nan"),
        false_per_day=incidents / days if days else float("nan"),
        false_incidents=incidents,
        days=days,
        found=len(found),
        events=len(delays),
        delay_s=float(np.median(found)) if found else float("nan"),
        f1=2 * hits / max(1, 2 * hits + false + fault - hits),
    )


def runs(mask: BoolArray) -> list[tuple[int, int]]:
    """Return [first, after) of every stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def incidents_of(
    ratios: FloatArray, kinds: Sequence[str], times: IntArray, *, interval_s: float
) -> list[tuple[int, int]]:
    """Return [opened, last alarm] in µs of every incident: the incident rule for one sensor, by whole columns."""
    judged = np.flatnonzero(np.isfinite(ratios).any(axis=1))
    above = np.nan_to_num(ratios[judged], nan=0.0) > 1
    confirmed = np.zeros(len(judged), dtype=np.bool_)
    for column, kind in enumerate(kinds):
        confirmed |= _standing(above[:, column]) >= CONFIRMED_AFTER.get(kind, 1)
    alarms = times[judged[confirmed]]
    if not len(alarms):
        return []
    cuts = np.flatnonzero(np.diff(alarms) > quiet_for(interval_s).total_seconds() * 1e6)
    borders = [0, *(cuts + 1).tolist(), len(alarms)]
    return [(int(alarms[first]), int(alarms[after - 1])) for first, after in pairwise(borders)]


def _standing(alarm: BoolArray) -> IntArray:
    """Return how many rows in a row the alarm has stood: int (n,)."""
    place = np.arange(len(alarm))
    return np.asarray(place - np.maximum.accumulate(np.where(~alarm, place, -1)))


def _delay(above: BoolArray, kinds: Sequence[str], first: int, after: int) -> int | None:
    """Return rows from the event's first to its first confirmed alarm; one that stood before must rise anew."""
    delays = []
    for column, kind in enumerate(kinds):
        alarm = above[first:after, column].copy()
        if first and above[first - 1, column]:
            alarm[: len(alarm) if alarm.all() else int(np.argmin(alarm))] = False
        confirmed = _standing(alarm) >= CONFIRMED_AFTER.get(kind, 1)
        if confirmed.any():
            delays.append(int(np.argmax(confirmed)))
    return min(delays, default=None)


def _days(times: IntArray, chosen: BoolArray, interval_s: float) -> float:
    """Return the machine-days of the chosen rows; a long gap counts as one interval."""
    steps = np.diff(times) / 1e6
    steps = np.concatenate(([interval_s], np.where(steps > _LONGEST_GAP * interval_s, interval_s, steps)))
    return float(steps[chosen].sum() / DAY_S)


def by_kind(case: Case, ratios: FloatArray, kinds: Sequence[str]) -> Mapping[str, Told]:
    """Return the same of every kind as if it judged alone."""
    return {kind: tell(case, ratios[:, [column]], (kind,)) for column, kind in enumerate(kinds)}
