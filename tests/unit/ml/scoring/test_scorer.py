"""The scorer over a log in memory: what it writes, when it stops, and that batch borders change nothing."""

import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest
from structlog.testing import capture_logs

from domain.anomalies import AnomalyDetected
from domain.dead_letters import DeadLettered
from domain.readings import SensorReadingRecorded
from domain.scoring import Flag, ReadingsScored, ScorerStateSaved, ScoringModelChanged
from ml.scoring.scorer import Scorer
from ml.scoring.taking import StateDoesNotMatchOffset
from ml.scoring.waiting import Waiting
from tests.builders import NOON, a_profile, a_reading
from tests.fakes.scoring import (
    FakeDecoding,
    FakeHistory,
    FakeModels,
    FakeSchemaNames,
    FakeScoringLog,
    FakeWaitingReport,
    InMemoryLog,
)
from tests.repetition import seeds


def a_log() -> InMemoryLog:
    return InMemoryLog(profiles={"environment@1": a_profile()})


def a_scorer(log: InMemoryLog, slot: FakeScoringLog | None = None) -> Scorer:
    slot, decoding = slot or FakeScoringLog(log), FakeDecoding(log)
    seconds = count()
    waiting = Waiting(
        log=slot,
        decoding=decoding,
        registry=FakeSchemaNames(),
        report=FakeWaitingReport(),
        given_up_after_s=60,
        clock=lambda: NOON + timedelta(seconds=next(seconds)),
    )
    return Scorer(
        log=slot,
        history=FakeHistory(log),
        models=FakeModels(log),
        decoding=decoding,
        waiting=waiting,
        version="test",
    )


def steps(scorer: Scorer, count: int) -> None:
    for _ in range(count):
        scorer.step(timeout_s=0)


def temperatures(*values: float, start: int = 0) -> list[SensorReadingRecorded]:
    return [a_reading(start + place, measurements={"temperature": value}) for place, value in enumerate(values)]


def ledgers(log: InMemoryLog) -> list[ReadingsScored]:
    return [event for event in log.written(ReadingsScored) if isinstance(event, ReadingsScored)]


def flagged(log: InMemoryLog, flag: Flag) -> list[int]:
    return [
        offset
        for ledger in ledgers(log)
        for held in ledger.flags
        if held.name == flag
        for first, after in zip(held.ranges[::2], held.ranges[1::2], strict=True)
        for offset in range(first, after)
    ]


def scores(log: InMemoryLog) -> dict[int, float]:
    """Return the score of every offset that has one."""
    return {
        ledger.from_offset + slot: score
        for ledger in ledgers(log)
        for column in ledger.columns
        for slot, score in enumerate(column.scores)
        if score == score  # noqa: PLR0124 - NaN is no score
    }


def test_a_reading_far_from_the_models_expectation_becomes_one_verdict_with_its_position() -> None:
    log = a_log()
    model = log.promote()
    log.put(*temperatures(20, 20, 40))
    steps(a_scorer(log), 2)
    (verdict,) = log.written(AnomalyDetected)
    assert isinstance(verdict, AnomalyDetected)
    assert (verdict.reading_position, verdict.model, verdict.score, verdict.severity) == (
        "sensor-events/0/2",
        model,
        4.0,
        "critical",
    )


def test_without_a_champion_readings_are_unscored_and_nothing_waits() -> None:
    log = a_log()
    log.put(*temperatures(1, 2, 3))
    steps(a_scorer(log), 2)
    assert flagged(log, Flag.UNSCORED) == [0, 1, 2]
    assert log.offset == 3


def test_a_profile_that_nobody_judges_is_told_once_with_what_to_do() -> None:
    log = a_log()
    log.put(*temperatures(1, 2))
    scorer = a_scorer(log)
    with capture_logs() as told:
        steps(scorer, 2)
        log.put(*temperatures(3, start=2))
        steps(scorer, 2)
        log.promote()
        log.put(*temperatures(4, start=3))
        steps(scorer, 2)
    (warning,) = [one for one in told if one["event"] == "no_champion"]
    assert (warning["log_level"], warning["profile"]) == ("warning", "environment@1")
    assert warning["then"].startswith("telltale train environment@1; telltale models promote environment/")


@pytest.mark.parametrize("loads", [True, False])
def test_a_profile_with_a_champion_is_not_called_without_one_even_where_it_can_not_be_loaded(*, loads: bool) -> None:
    log = a_log()
    model = log.promote()
    if not loads:
        del log.artifacts[model.artifact_sha256]
    log.put(*temperatures(1, 2))
    with capture_logs() as told:
        steps(a_scorer(log), 2)
    assert [one["event"] for one in told if one["event"] in {"no_champion", "model_unloadable"}] == (
        [] if loads else ["model_unloadable"]
    )


def test_the_change_of_model_is_recorded_before_its_first_verdict_even_when_no_reading_comes() -> None:
    log = a_log()
    scorer = a_scorer(log)
    log.put(*temperatures(1, 2))
    steps(scorer, 2)
    log.promote()
    steps(scorer, 1)
    (change,) = log.written(ScoringModelChanged)
    assert isinstance(change, ScoringModelChanged)
    assert (change.from_offset, change.previous) == (2, None)
    assert len(log.written(ScorerStateSaved)) == 1


def test_a_model_that_cannot_be_loaded_leaves_the_one_before_in_force() -> None:
    log = a_log()
    good = log.promote(1)
    log.promote(2)
    del log.artifacts[f"{2:064x}"]
    log.put(*temperatures(20, 20, 40))
    steps(a_scorer(log), 3)
    changes = [event.model for event in log.written(ScoringModelChanged) if isinstance(event, ScoringModelChanged)]
    assert changes in ([good], [])
    assert flagged(log, Flag.UNSCORED) in ([], [0, 1, 2])


def test_late_repeated_and_clock_ahead_readings_are_flagged_and_change_no_state() -> None:
    log = a_log()
    log.promote()
    ordinary = temperatures(20, 21, 22)
    log.put(*ordinary)
    log.put(ordinary[1])
    log.put(a_reading(0.5, measurements={"temperature": 500.0}))
    log.put(a_reading(9_000, measurements={"temperature": 500.0}))
    log.put(*temperatures(21, start=7))
    steps(a_scorer(log), 2)
    assert (flagged(log, Flag.DUPLICATE), flagged(log, Flag.LATE), flagged(log, Flag.CLOCK_AHEAD)) == ([3], [4], [5])
    assert scores(log)[6] == 0.0


def test_a_poison_record_is_dead_lettered_whole_and_the_rest_is_scored() -> None:
    log = a_log()
    log.promote()
    log.put(*temperatures(20, 20))
    log.source.insert(1, b"poison")
    steps(a_scorer(log), 2)
    (letter,) = log.written(DeadLettered)
    assert isinstance(letter, DeadLettered)
    assert (letter.position, letter.value) == ("sensor-events/0/1", b"poison")
    assert flagged(log, Flag.REJECTED) == [1]
    assert set(scores(log)) == {2}


def test_a_partition_waits_for_a_profile_and_dead_letters_nothing() -> None:
    log = InMemoryLog()
    log.promote()
    log.put(*temperatures(20, 20))
    scorer = a_scorer(log)
    steps(scorer, 3)
    assert scores(log) == {}
    log.profiles["environment@1"] = a_profile()
    steps(scorer, 1)
    assert set(scores(log)) == {1}
    assert log.written(DeadLettered) == []


def test_an_aborted_transaction_leaves_nothing_behind_and_its_readings_are_scored_again() -> None:
    log = a_log()
    log.promote()
    slot = FakeScoringLog(log)
    scorer = a_scorer(log, slot)
    steps(scorer, 1)
    log.put(*temperatures(20, 20, 40))
    slot.abort_next = True
    steps(scorer, 1)
    assert log.written(AnomalyDetected) == []
    steps(scorer, 1)
    assert len(log.written(AnomalyDetected)) == 1


def test_a_committed_offset_beyond_the_ledger_stops_the_scorer() -> None:
    log = a_log()
    log.put(*temperatures(20, 20))
    steps(a_scorer(log), 2)
    log.offset = 1
    with pytest.raises(StateDoesNotMatchOffset, match="ledger ends at 2"):
        steps(a_scorer(log), 1)


def test_a_lost_group_offset_stops_the_scorer_instead_of_scoring_twice() -> None:
    log = a_log()
    log.put(*temperatures(20, 20))
    steps(a_scorer(log), 2)
    log.offset = None
    with pytest.raises(StateDoesNotMatchOffset, match="adopt"):
        steps(a_scorer(log), 1)


def test_a_scorer_stopped_before_any_reading_leaves_a_first_start_behind() -> None:
    log = a_log()
    scorer = a_scorer(log)
    scorer.run(iter([True, True, False]).__next__)
    assert log.offset is None
    steps(a_scorer(log), 1)


def test_a_clean_stop_saves_the_state_at_the_committed_offset() -> None:
    log = a_log()
    log.put(*temperatures(20, 20))
    a_scorer(log).run(iter([True, True, False]).__next__)
    (saved,) = log.written(ScorerStateSaved)
    assert isinstance(saved, ScorerStateSaved)
    assert saved.next_offset == log.offset == 2


@pytest.mark.parametrize("seed", seeds(30))
def test_any_batches_and_any_restarts_give_the_same_scores_as_one_pass(seed: int) -> None:
    rng = random.Random(seed)
    values = [rng.gauss(20, 2) for _ in range(60)]
    late = {place for place in range(60) if rng.random() < 0.1}
    readings = [
        a_reading(place - (50 if place in late else 0), measurements={"temperature": value}, sensor_id=rng.choice("ab"))
        for place, value in enumerate(values)
    ]

    def scored(sizes: Iterator[int] | None, restarts: set[int]) -> dict[int, float]:
        log = a_log()
        log.promote()
        log.put(*readings)
        scorer = a_scorer(log, FakeScoringLog(log, sizes))
        for step in range(200):
            if step in restarts:
                scorer = a_scorer(log, FakeScoringLog(log, sizes))
            scorer.step(timeout_s=0)
        assert log.offset == len(readings)
        return scores(log)

    sizes = iter(lambda: rng.randint(1, 9), 0)
    assert scored(sizes, {rng.randrange(30) for _ in range(4)}) == scored(None, set())


def test_a_scorer_that_dies_again_and_again_folds_no_more_than_the_readings_since_the_last_snapshot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ml.scoring.writing.SNAPSHOT_EVERY", 50)
    log = a_log()
    for life in range(10):
        log.put(*temperatures(*[20.0] * 20, start=20 * life))
        scorer = a_scorer(log, FakeScoringLog(log, iter(lambda: 5, 0)))
        while log.offset != len(log.source):
            steps(scorer, 1)
        saved = [event for event in log.written(ScorerStateSaved) if isinstance(event, ScorerStateSaved)]
        newest = saved[-1].next_offset if saved else 0
        assert log.offset - newest < 50 + 5
