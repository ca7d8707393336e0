"""What is expected of a log client never goes back."""

import pytest

from infra.kafka.client.silence import Silence

PLACE = ("sensor-events", 3)


def test_an_end_that_was_met_before_a_record_came_does_not_take_the_record_back() -> None:
    silence = Silence("127.0.0.1:9")
    silence.expect({PLACE: 5})
    silence.heard({PLACE: 6})
    silence.heard({PLACE: 5})
    assert silence.positions == {PLACE: 6}
    silence.expect({PLACE: 2})
    assert silence.positions == {PLACE: 2}


class _Clock:
    """A monotonic clock that a test sets."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    clock = _Clock()
    monkeypatch.setattr("infra.kafka.client.silence.monotonic", clock)
    return clock


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> Silence:
    """Return a guard over a partition of which the log has more than the client brings."""
    monkeypatch.setattr(Silence, "_has_a_record", lambda *_: True)
    monkeypatch.setattr("infra.kafka.client.silence.LogEnds.stable", lambda _, places: dict.fromkeys(places, 100))
    silence = Silence("127.0.0.1:9")
    silence.expect({PLACE: 5})
    return silence


def polls(silence: Silence, clock: _Clock, count: int, *, each_s: float = 0.1, full: bool = False) -> bool:
    """Poll again and again, in vain for this partition; return whether the client was called silent."""
    missed = False
    for _ in range(count):
        clock.now_s += each_s
        silence.asked(full=full)
        missed |= silence.missed() == (PLACE,)
    return missed


def test_a_client_that_was_asked_again_and_again_and_brings_nothing_is_silent(clock: _Clock, silence: Silence) -> None:
    assert not polls(silence, clock, 140)
    assert polls(silence, clock, 200)


def test_a_process_that_was_suspended_or_computed_for_long_has_not_asked(clock: _Clock, silence: Silence) -> None:
    for _ in range(5):
        clock.now_s += 60
        assert not polls(silence, clock, 5)


def test_a_client_behind_full_batches_of_other_partitions_is_not_silent(clock: _Clock, silence: Silence) -> None:
    assert not polls(silence, clock, 1000, full=True)
    assert polls(silence, clock, 400)


def test_a_client_that_brings_something_now_and_then_is_not_silent(clock: _Clock, silence: Silence) -> None:
    for offset in range(6, 20):
        assert not polls(silence, clock, 100)
        silence.heard({PLACE: offset})
