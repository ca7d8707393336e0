"""Two models over the same history: what was found, and whether the challenger may replace the champion.

The budgets are the promotion gate's. They are about people: how much of what they see may change, and how often they
may be called for nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from domain.models import ModelRef
from domain.readings import microseconds

CHANGED_HEALTHY: Final = 0.02
"""Share of healthy readings whose decision may change. Source: protocol of models, 2 %."""

INCIDENTS_PER_MACHINE_DAY: Final = 0.2
"""Incidents that no labelled fault explains, always allowed. Source: protocol of models; twice the goal of .1."""

INCIDENTS_TIMES_CHAMPION: Final = 1.2
"""Or so many times the champion's, whichever is more. Source: protocol of models."""

LOST_LABELLED: Final = 0
"""Labelled faults that the champion finds and the challenger may miss. Source: protocol of models."""

FEWEST_HEALTHY: Final = 50
"""Healthy readings below which a share of CHANGED_HEALTHY can't be seen: one changed decision of 50 is 2 %."""

LEAST_JUDGED: Final = 0.5
"""Share of the readings judged by the champion that the challenger must judge: one that leaves them unjudged changes
no decision and opens no incident, so it would pass every other budget. Panels leave some 6 % to their gates."""

_SHORTEST_DAYS: Final = 1 / 86_400
"""A second: readings too far apart to make a stretch of time still allow no incident."""

COMPARISON_NAMESPACE: Final = UUID("6c8f4f0e-2d7b-5b52-8a55-3b1d6de1f0a7")
"""Namespace of comparisons' ids. For ever: ids in logs follow from it."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ComparedRange:
    """Half-open offsets of one partition of the readings."""

    partition: int
    from_offset: int
    next_offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonNumbers:
    """What the gate decides by; its schema says what each number counts."""

    readings: int
    healthy_readings: int
    changed_healthy_readings: int
    champion_judged: int
    challenger_judged: int
    machine_days: float
    champion_incidents: int
    challenger_incidents: int
    champion_unexplained_incidents: int
    challenger_unexplained_incidents: int
    labelled_faults: int
    champion_found: int
    challenger_found: int
    lost_labelled_faults: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsCompared:
    """Two versions judged the same history. Schema: telltale.ModelsCompared.avsc."""

    comparison_id: str
    champion: ModelRef
    challenger: ModelRef
    source_topic: str
    source_topic_id: str
    ranges: tuple[ComparedRange, ...]
    recorded_from: datetime | None
    recorded_before: datetime | None
    numbers: ComparisonNumbers
    report: str
    report_sha256: str
    code_version: str
    runtime: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetCheck:
    """One budget of the gate: what was measured, the limit, and whether it was kept."""

    budget: str
    measured: float
    limit: float
    kept: bool


def budget_checks(numbers: ComparisonNumbers) -> tuple[BudgetCheck, ...]:
    """Return how a comparison stands against every budget of the gate."""
    healthy = max(1, numbers.healthy_readings)
    champions = _a_machine_day(numbers.champion_unexplained_incidents, numbers)
    most_incidents = max(INCIDENTS_PER_MACHINE_DAY, INCIDENTS_TIMES_CHAMPION * champions)
    return (
        _at_least("healthy_readings", numbers.healthy_readings, FEWEST_HEALTHY),
        _at_least("judged_share", _share(numbers.challenger_judged, numbers.champion_judged), LEAST_JUDGED),
        _at_most("changed_healthy_share", numbers.changed_healthy_readings / healthy, CHANGED_HEALTHY),
        _at_most(
            "unexplained_incidents_per_machine_day",
            _a_machine_day(numbers.challenger_unexplained_incidents, numbers),
            most_incidents,
        ),
        _at_most("lost_labelled_faults", numbers.lost_labelled_faults, LOST_LABELLED),
    )


def within_budgets(checks: Iterable[BudgetCheck]) -> bool:
    """Return whether every budget was kept."""
    return all(check.kept for check in checks)


def comparison_id(
    *,
    champion: ModelRef,
    challenger: ModelRef,
    source_topic_id: str,
    ranges: Iterable[ComparedRange],
    bounds: tuple[datetime | None, datetime | None],
    program: str,
) -> str:
    """Return the id of a comparison: the same models over the same history by the same program always have the same.

    bounds: first and last recorded_at, half-open. program: whatever else decides the numbers.
    """
    stretches = " ".join(f"{one.partition}:{one.from_offset}-{one.next_offset}" for one in sorted(ranges))
    models = (f"{one} {one.profile} {one.artifact_sha256}" for one in (champion, challenger))
    moments = ("" if bound is None else str(microseconds(bound)) for bound in bounds)
    return str(uuid5(COMPARISON_NAMESPACE, "\0".join((*models, source_topic_id, stretches, *moments, program))))


def _at_most(budget: str, measured: float, limit: float) -> BudgetCheck:
    return BudgetCheck(budget=budget, measured=float(measured), limit=float(limit), kept=measured <= limit)


def _at_least(budget: str, measured: float, limit: float) -> BudgetCheck:
    return BudgetCheck(budget=budget, measured=float(measured), limit=float(limit), kept=measured >= limit)


def _share(part: int, whole: int) -> float:
    """Return part / whole; of nothing, nothing is missing."""
    return part / whole if whole else 1.0


def _a_machine_day(count: int, numbers: ComparisonNumbers) -> float:
    return count / max(numbers.machine_days, _SHORTEST_DAYS)
