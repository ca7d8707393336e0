"""The gate's budgets in words and with their numbers."""

from collections.abc import Mapping
from typing import Final

from dashboard.answers.models import BudgetKept

SHARE: Final = "share"
COUNT: Final = "count"
RATE: Final = "rate"

BUDGETS: Final[Mapping[str, tuple[str, str, str]]] = {
    "healthy_readings": ("healthy readings to see it by", "at least", COUNT),
    "judged_share": ("judged, of what the champion judges", "at least", SHARE),
    "changed_healthy_share": ("healthy readings judged otherwise", "at most", SHARE),
    "unexplained_incidents_per_machine_day": ("incidents per machine-day that no fault explains", "at most", RATE),
    "lost_labelled_faults": ("labelled faults lost", "at most", COUNT),
}
"""What is counted, on which side of the limit it must stay, and how it is written."""


def name_of(check: BudgetKept) -> str:
    """Return what a budget counts; the name of a budget of tomorrow as it is."""
    return BUDGETS.get(check.budget, (check.budget.replace("_", " "), "", RATE))[0]


def numbers_of(check: BudgetKept) -> tuple[str, str]:
    """Return what was measured, and its limit: `3.1 %`, `at most 2 %`."""
    _, side, form = BUDGETS.get(check.budget, ("", "limit", RATE))
    return _text(check.measured, form), f"{side} {_text(check.limit, form)}"


def broken_text(check: BudgetKept) -> str:
    """Return a budget that was not kept in one line."""
    measured, limit = numbers_of(check)
    return f"{name_of(check)}: {measured}, {limit}"


def _text(value: float, form: str) -> str:
    if form == SHARE:
        return f"{100 * value:.3g}\u202f%"
    return f"{value:,.0f}" if form == COUNT else f"{value:,.3g}"
