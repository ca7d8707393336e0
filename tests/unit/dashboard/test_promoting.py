"""Which champion a rollback goes back to, told from the reigns alone: the same that the domain's rule goes back to."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.answers.models import Reign
from dashboard.models.promoting import goes_back_to
from domain.models import ModelPromoted
from domain.promotion import ModelLine, NothingToRollBackTo, RollBackModel, Untrained, decide, evolve
from tests.comparisons import ref, trained

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)


def a_reign(model: str, number: int) -> Reign:
    return Reign(
        model=model,
        profile=f"pump@{1 if int(model[-1]) < 5 else 2}",
        starts_at=NOON + timedelta(minutes=number),
        ends_at=None,
        replaces=None,
        because="better",
        actor="ada",
        forced=False,
        rollback=False,
        comparison_id=None,
        position=f"model-events/0/{number}",
    )


def rolled_back_to(versions: tuple[int, ...]) -> str | None:
    """Return what the domain goes back to after these promotions."""
    line: ModelLine = Untrained()
    for version in versions:
        model = ref(version, profile=f"pump@{1 if version < 5 else 2}")
        promoted = ModelPromoted(model=model, replaces=None, because="better", actor="ada", forced=False)
        line = evolve(evolve(line, trained(version)), promoted)
    try:
        (event,) = decide(line, RollBackModel(name="pump", because="noisy", actor="ada"))
    except NothingToRollBackTo:
        return None
    return str(event.model)


@pytest.mark.parametrize(
    ("versions", "before"),
    [
        ((), None),
        ((1,), None),
        ((1, 2), "pump/1"),
        ((1, 2, 3), "pump/2"),
        ((1, 2, 1), None),
        ((1, 2, 3, 2), "pump/1"),
        ((1, 2, 5), None),
        ((1, 5, 2), "pump/1"),
        ((1, 2, 5, 6), "pump/5"),
    ],
)
def test_a_rollback_goes_to_the_champion_before_of_the_same_profile(
    versions: tuple[int, ...], before: str | None
) -> None:
    reigns = [a_reign(f"pump/{version}", number) for number, version in enumerate(versions)]
    assert goes_back_to(reigns) == before == rolled_back_to(versions)
