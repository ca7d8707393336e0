"""The last answers."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.client import ApiDown
from dashboard.memory import Memory


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def down() -> int:
    raise ApiDown("nobody answers")


def test_question_never_answered_stays_unanswered() -> None:
    with pytest.raises(ApiDown):
        Memory(Clock()).ask("how many", down)


def test_silent_api_leaves_the_last_answer_marked_with_its_time() -> None:
    clock = Clock()
    memory = Memory(clock)
    memory.ask("how many", lambda: 40)
    clock.now += timedelta(seconds=48)
    answered = memory.ask("how many", down)
    assert (answered.value, answered.stale) == (40, True)
    assert clock.now - answered.at == timedelta(seconds=48)
    assert memory.last_answer_at == answered.at


def test_fresh_answer_is_not_asked_for_again() -> None:
    clock = Clock()
    memory = Memory(clock)
    memory.ask("how many", lambda: 40, fresh_for_s=10)
    clock.now += timedelta(seconds=9)
    assert memory.ask("how many", down, fresh_for_s=10).value == 40
    clock.now += timedelta(seconds=2)
    assert memory.ask("how many", lambda: 41, fresh_for_s=10).value == 41


def test_questions_do_not_answer_each_other() -> None:
    memory = Memory(Clock())
    memory.ask("how many", lambda: 40)
    with pytest.raises(ApiDown):
        memory.ask("how old", down)
