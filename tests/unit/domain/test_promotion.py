"""The gate: who may become champion, on what grounds, and how it is undone."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.comparison import (
    CHANGED_HEALTHY,
)
from domain.models import ModelPromoted
from domain.promotion import (
    Championed,
    ModelEvent,
    ModelLine,
    ModelNotTrained,
    NothingToRollBackTo,
    PromoteModel,
    PromotionRejected,
    RollBackModel,
    Trained,
    Untrained,
    champion_of,
    decide,
    evolve,
    line_of,
    next_version,
)
from domain.rejections import ReasonMissing
from tests.comparisons import compared, promoted, ref, trained

THREE: Final[Sequence[ModelEvent]] = [trained(1), trained(2), trained(3), promoted(1)]


def line(events: Sequence[ModelEvent]) -> ModelLine:
    folded: ModelLine = Untrained()
    for event in events:
        folded = evolve(folded, event)
    return folded


def promote(version: int, *, force: bool = False) -> PromoteModel:
    return PromoteModel(name="pump", version=version, because="better", actor="ada", force=force)


def test_the_first_champion_of_a_line_needs_no_comparison() -> None:
    (event,) = decide(line([trained(1)]), promote(1))

    assert event == ModelPromoted(model=ref(1), replaces=None, because="better", actor="ada", forced=False)


def test_a_version_that_was_never_compared_with_the_champion_is_rejected() -> None:
    (event,) = decide(line([*THREE, compared(2, 3), compared(2, 1)]), promote(2))

    assert event == PromotionRejected(
        model=ref(2), against=ref(1), comparison_id=None, numbers=None, checks=(), because="better", actor="ada"
    )


def test_a_version_inside_the_budgets_becomes_champion_by_its_comparison() -> None:
    (event,) = decide(line([*THREE, compared(1, 2, comparison_id="c-12")]), promote(2))

    assert event == replace(promoted(2, replaces=1), because="better", comparison_id="c-12")


def test_a_version_outside_a_budget_is_rejected_with_the_numbers() -> None:
    found = compared(1, 2, comparison_id="c-12", changed_healthy_readings=5_000)

    (event,) = decide(line([*THREE, found]), promote(2))

    assert isinstance(event, PromotionRejected)
    assert (event.comparison_id, event.numbers) == ("c-12", found.numbers)
    assert [(check.budget, round(check.measured, 4), check.limit) for check in event.checks if not check.kept] == [
        ("changed_healthy_share", 0.0505, CHANGED_HEALTHY)
    ]


@pytest.mark.parametrize("findings", [[], [compared(1, 2, lost_labelled_faults=1)]])
def test_force_overrules_the_gate_and_the_log_says_so(findings: list[ModelEvent]) -> None:
    (event,) = decide(line([*THREE, *findings]), promote(2, force=True))

    assert isinstance(event, ModelPromoted)
    assert (event.forced, event.comparison_id) == (True, "found" if findings else None)


def test_force_where_nothing_is_overruled_is_an_ordinary_promotion() -> None:
    (within,) = decide(line([*THREE, compared(1, 2)]), promote(2, force=True))
    (first,) = decide(line([trained(1)]), promote(1, force=True))

    assert isinstance(within, ModelPromoted)
    assert isinstance(first, ModelPromoted)
    assert (within.forced, first.forced) == (False, False)


def test_the_newest_comparison_of_the_two_counts_where_none_saw_more() -> None:
    good, bad = compared(1, 2), compared(1, 2, lost_labelled_faults=1)
    first: list[ModelEvent] = [*THREE, bad, good]
    last: list[ModelEvent] = [*THREE, good, bad]

    assert isinstance(decide(line(first), promote(2))[0], ModelPromoted)
    assert isinstance(decide(line(last), promote(2))[0], PromotionRejected)


def test_a_comparison_over_less_history_does_not_replace_one_over_more() -> None:
    refusing, suiting = compared(1, 2, lost_labelled_faults=1), compared(1, 2, readings=99_999)
    later = compared(1, 2, readings=100_001)
    again: list[ModelEvent] = [*THREE, refusing, suiting]

    assert isinstance(decide(line(again), promote(2))[0], PromotionRejected)
    assert isinstance(decide(line([*again, later]), promote(2))[0], ModelPromoted)


def test_a_comparison_with_an_earlier_champion_does_not_count() -> None:
    events: list[ModelEvent] = [*THREE, compared(1, 2), compared(1, 3), promoted(2, replaces=1)]

    assert isinstance(decide(line(events), promote(3))[0], PromotionRejected)


def test_a_comparison_of_other_bytes_under_the_same_number_does_not_count() -> None:
    other = replace(ref(2), artifact_sha256="ff" * 32)

    assert isinstance(decide(line([*THREE, compared(ref(1), other)]), promote(2))[0], PromotionRejected)


def test_another_version_of_the_profile_has_a_champion_of_its_own() -> None:
    events: list[ModelEvent] = [trained(1), trained(2, profile="pump@2"), promoted(1)]

    (event,) = decide(line(events), promote(2))
    after = line([*events, event])

    assert isinstance(event, ModelPromoted)
    assert event.replaces is None
    assert (champion_of(after, "pump@1"), champion_of(after, "pump@2")) == (ref(1), ref(2, profile="pump@2"))
    assert decide(after, promote(1)) == ()


def test_promoting_the_champion_changes_nothing() -> None:
    assert decide(line(THREE), promote(1)) == ()


def test_a_promotion_says_why_and_names_a_trained_version() -> None:
    with pytest.raises(ReasonMissing):
        decide(line(THREE), replace(promote(2), because=" "))
    with pytest.raises(ModelNotTrained, match="pump/9 was never trained; trained are: pump/1, pump/2, pump/3"):
        decide(line(THREE), promote(9))


def test_rollbacks_go_back_champion_by_champion_without_a_comparison() -> None:
    current = line([*THREE, promoted(2, replaces=1), promoted(3, replaces=2)])
    back = RollBackModel(name="pump", because="noisy", actor="ada")

    for expected in (2, 1):
        (event,) = decide(current, back)
        assert isinstance(event, ModelPromoted)
        assert (event.model, event.rollback, event.forced, event.comparison_id) == (ref(expected), True, False, None)
        assert isinstance(current, Championed)
        assert event.replaces == current.champion
        current = evolve(current, event)

    with pytest.raises(NothingToRollBackTo, match="pump/1 is the first champion"):
        decide(current, back)


def test_a_rollback_needs_a_champion_and_a_reason() -> None:
    back = RollBackModel(name="pump", because="noisy", actor="ada")
    with pytest.raises(NothingToRollBackTo):
        decide(line([trained(1)]), back)
    with pytest.raises(ReasonMissing):
        decide(line(THREE), replace(back, because=""))


def test_what_is_no_promotion_leaves_the_champion() -> None:
    rejection = decide(line(THREE), promote(2))[0]

    after = line([*THREE, rejection, trained(4), compared(1, 4)])

    assert champion_of(after, "pump@1") == ref(1)
    assert next_version(after) == 5
    assert {line_of(event) for event in (*THREE, rejection, compared(1, 2))} == {"pump"}
    assert isinstance(line([compared(1, 2)]), Trained)


@given(
    st.lists(st.tuples(st.sampled_from(["promote", "force", "compare", "rollback"]), st.integers(1, 4)), max_size=20)
)
def test_nobody_replaces_a_champion_without_a_comparison_force_or_rollback(acts: list[tuple[str, int]]) -> None:
    current = line([trained(1), trained(2), trained(3), trained(4)])
    for act, version in acts:
        before = champion_of(current, "pump@1")
        events: Sequence[ModelEvent] = ()
        if act == "compare" and before is not None and before != ref(version):
            events = (compared(before, ref(version), lost_labelled_faults=version % 2),)
        elif act == "rollback":
            try:
                events = decide(current, RollBackModel(name="pump", because="test", actor="ada"))
            except NothingToRollBackTo:
                continue
        elif act in {"promote", "force"}:
            events = decide(current, promote(version, force=act == "force"))
        for event in events:
            if isinstance(event, ModelPromoted):
                grounds = (event.replaces is None, event.forced, event.rollback, event.comparison_id is not None)
                assert event.replaces == before
                assert any(grounds)
            current = evolve(current, event)
