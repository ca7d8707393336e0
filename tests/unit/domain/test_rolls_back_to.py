"""Which champion a rollback goes back to, told from the promotions alone: the one that the command goes back to."""

import pytest

from domain.models import ModelPromoted
from domain.promotion import ModelLine, NothingToRollBackTo, RollBackModel, Untrained, decide, evolve, rolls_back_to
from tests.comparisons import ref, trained


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
    promotions = [(f"pump@{1 if version < 5 else 2}", f"pump/{version}") for version in versions]
    assert rolls_back_to(promotions) == before == rolled_back_to(versions)
