"""The budgets of the gate: kept at their limits, broken just above, and the same for the same comparison."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.comparison import (
    CHANGED_HEALTHY,
    INCIDENTS_PER_MACHINE_DAY,
    INCIDENTS_TIMES_CHAMPION,
    ComparedRange,
    budget_checks,
    comparison_id,
    within_budgets,
)
from tests.comparisons import numbers, ref


def broken(**said: float) -> list[str]:
    return [check.budget for check in budget_checks(numbers(**said)) if not check.kept]


@pytest.mark.parametrize(
    ("said", "budget"),
    [
        ({"healthy_readings": 49}, "healthy_readings"),
        ({"challenger_judged": 47_499}, "judged_share"),
        ({"changed_healthy_readings": 1_981}, "changed_healthy_share"),
        ({"challenger_unexplained_incidents": 3}, "unexplained_incidents_per_machine_day"),
        (
            {"champion_unexplained_incidents": 10, "challenger_unexplained_incidents": 13},
            "unexplained_incidents_per_machine_day",
        ),
        ({"lost_labelled_faults": 1}, "lost_labelled_faults"),
        ({"machine_days": 0.0, "challenger_unexplained_incidents": 1}, "unexplained_incidents_per_machine_day"),
    ],
)
def test_each_budget_is_broken_just_above_its_limit(said: dict[str, float], budget: str) -> None:
    assert broken(**said) == [budget]


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"healthy_readings": 50},
        {"challenger_judged": 47_500},
        {"changed_healthy_readings": 1_980},
        {"challenger_unexplained_incidents": 2},
        {"champion_unexplained_incidents": 10, "challenger_unexplained_incidents": 12},
        {"champion_judged": 0, "challenger_judged": 0},
        {"challenger_incidents": 900},
        {"champion_found": 4, "challenger_found": 3},
    ],
)
def test_each_budget_is_kept_at_its_limit(said: dict[str, float]) -> None:
    assert broken(**said) == []


@given(
    healthy=st.integers(50, 10_000),
    changed=st.integers(0, 500),
    days=st.floats(0.01, 100),
    champions=st.integers(0, 200),
    challengers=st.integers(0, 200),
    lost=st.integers(0, 2),
)
def test_the_gate_is_the_protocols_three_budgets(
    *, healthy: int, changed: int, days: float, champions: int, challengers: int, lost: int
) -> None:
    found = numbers(
        healthy_readings=healthy,
        changed_healthy_readings=changed,
        machine_days=days,
        champion_unexplained_incidents=champions,
        challenger_unexplained_incidents=challengers,
        lost_labelled_faults=lost,
    )
    most = max(INCIDENTS_PER_MACHINE_DAY, INCIDENTS_TIMES_CHAMPION * (champions / days))

    expected = changed / healthy <= CHANGED_HEALTHY and challengers / days <= most and lost == 0

    assert within_budgets(budget_checks(found)) is expected


def test_the_same_comparison_has_the_same_id_and_any_other_another() -> None:
    stretches = [
        ComparedRange(partition=0, from_offset=5, next_offset=9),
        ComparedRange(partition=1, from_offset=0, next_offset=3),
    ]
    noon = datetime(2026, 3, 9, 12, tzinfo=UTC)

    def identity(**said: Any) -> str:
        plain: dict[str, Any] = {
            "champion": ref(1),
            "challenger": ref(2),
            "source_topic_id": "an-id",
            "ranges": stretches,
            "bounds": (noon, None),
            "program": "0.1.0 numba",
        }
        return comparison_id(**{**plain, **said})

    others: list[dict[str, Any]] = [
        {"champion": ref(2), "challenger": ref(1)},
        {"challenger": replace(ref(2), artifact_sha256="ff")},
        {"source_topic_id": "another"},
        {"ranges": stretches[:1]},
        {"bounds": (None, noon)},
        {"bounds": (noon + timedelta(microseconds=1), None)},
        {"program": "0.2.0 numba"},
    ]

    assert identity() == identity(ranges=stretches[::-1]) == "08262ab5-b3ac-5a4c-8f1e-10a3d225b039"
    assert len({identity(), *(identity(**other) for other in others)}) == 1 + len(others)
