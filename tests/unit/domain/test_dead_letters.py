from domain.dead_letters import (
    DeadLetterDiscarded,
    DeadLetterRedriven,
    DeadLetterState,
    decisions_by_position,
    state_of,
)

PLACE = "sensor-events/3/17"


def discarded(because: str = "a test record") -> DeadLetterDiscarded:
    return DeadLetterDiscarded(position=PLACE, because=because, actor="ada")


def redriven(number: int = 0) -> DeadLetterRedriven:
    return DeadLetterRedriven(position=PLACE, redriven_as=f"sensor-events/5/{number}", because="", actor="ada")


def test_a_dead_letter_is_open_until_people_decide() -> None:
    assert state_of(decisions_by_position([]).get(PLACE)) is DeadLetterState.OPEN


def test_one_that_was_given_up_can_still_be_redriven_and_stays_so() -> None:
    held = decisions_by_position([discarded(), redriven(), discarded("again"), redriven(9)])
    assert held == {PLACE: redriven()}
    assert state_of(held[PLACE]) is DeadLetterState.REDRIVEN


def test_the_first_reason_for_discarding_stands() -> None:
    held = decisions_by_position([discarded(), discarded("another reason")])
    assert held == {PLACE: discarded()}
    assert state_of(held[PLACE]) is DeadLetterState.DISCARDED
