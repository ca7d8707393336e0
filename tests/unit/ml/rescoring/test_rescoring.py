"""A stretch judged again: as the live scorer judged it, exactly once whatever dies, and beside the live topics."""

import copy
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from domain.anomalies import AnomalyDetected
from domain.models import ModelRef
from domain.rescoring import RescoredRange, RescoringCompleted, RescoringRequested, requested, unfinished
from domain.scoring import Flag, ReadingsScored, ScoringModelChanged
from domain.topics import ANOMALY_EVENTS, RESCORED_ANOMALY_EVENTS, SENSOR_EVENTS
from ml.rescoring.partition import RescoredPartition
from ml.rescoring.ports import RescoringStopped
from ml.rescoring.tally import LedgerBroken, completed
from tests.builders import a_profile, a_reading
from tests.fakes.rescoring import FakeRescoringLog
from tests.fakes.scoring import FakeDecoding, FakeModels, FakeScoringLog, InMemoryLog
from tests.unit.ml.scoring.test_scorer import a_scorer, steps

READINGS, CHANGE = 600, 200


@pytest.fixture
def log() -> InMemoryLog:
    """Return a scored history of three sensors: no model at first, then one that was warmed; late ones and spikes."""
    log = InMemoryLog(profiles={"environment@1": a_profile()})
    readings = []
    for place in range(READINGS):
        second = place // 3 - (40.5 if place % 97 == 96 else 0)
        values = {"temperature": 20 + (30.0 if place % 53 == 52 else place % 5), "pressure": 1.0, "vibration": 1.0}
        readings.append(a_reading(second, sensor_id=f"sensor-{place % 3}", measurements=values))
    scorer = a_scorer(log, FakeScoringLog(log, iter(lambda: 41, 0)))
    for start, end in ((0, CHANGE), (CHANGE, READINGS)):
        if start:
            log.promote(1)
        log.put(*readings[start:end])
        while log.offset != len(log.source):
            steps(scorer, 1)
    return log


def champion(log: InMemoryLog) -> ModelRef:
    (change,) = log.written(ScoringModelChanged)
    assert isinstance(change, ScoringModelChanged)
    assert (change.from_offset, change.state) == (CHANGE, "warmed(0)")
    return change.model


def a_request(model: ModelRef, start: int = CHANGE, end: int = READINGS, *, asked: str = "all") -> RescoringRequested:
    return requested(
        model,
        source_topic=SENSOR_EVENTS,
        source_topic_id=SENSOR_EVENTS,
        ranges=(RescoredRange(partition=0, from_offset=start, next_offset=end),),
        follow=False,
        asked=asked,
    )


def run(log: InMemoryLog, request: RescoringRequested, rescoring: FakeRescoringLog | None = None) -> None:
    (one,) = request.ranges
    part = RescoredPartition(
        request, one, log=rescoring or FakeRescoringLog(log), models=FakeModels(log), decoding=FakeDecoding(log)
    )
    part.advance(one.next_offset, running=lambda: True, on_progress=lambda _partition, _at: None)


def of_run(log: InMemoryLog, request: RescoringRequested) -> tuple[list[ReadingsScored], list[AnomalyDetected]]:
    events = log.topics[RESCORED_ANOMALY_EVENTS]
    ledgers = [one for one in events if isinstance(one, ReadingsScored) and one.run_id == request.run_id]
    verdicts = [one for one in events if isinstance(one, AnomalyDetected) and one.run_id == request.run_id]
    return ledgers, verdicts


def scores(ledgers: list[ReadingsScored]) -> bytes:
    slots = np.full(READINGS, np.nan)
    for ledger in ledgers:
        for column in ledger.columns:
            slots[ledger.from_offset : ledger.next_offset] = column.scores
    return slots.tobytes()


def flags(ledgers: list[ReadingsScored]) -> Counter[tuple[str, int]]:
    return Counter(
        (flag.name, offset)
        for ledger in ledgers
        for flag in ledger.flags
        for first, last in zip(flag.ranges[::2], flag.ranges[1::2], strict=True)
        for offset in range(first, last)
    )


def live(log: InMemoryLog) -> tuple[list[ReadingsScored], list[AnomalyDetected]]:
    events = log.topics[ANOMALY_EVENTS]
    ledgers = [one for one in events if isinstance(one, ReadingsScored) and one.from_offset >= CHANGE]
    return ledgers, [one for one in events if isinstance(one, AnomalyDetected)]


def test_the_champion_judges_its_own_stretch_as_it_did_live_to_the_bit(log: InMemoryLog) -> None:
    request = a_request(champion(log))
    run(log, request, FakeRescoringLog(log, sizes=itertools.cycle([7, 1, 113])))
    (ledgers, verdicts), (live_ledgers, live_verdicts) = of_run(log, request), live(log)
    assert scores(ledgers) == scores(live_ledgers)
    assert flags(ledgers) == flags(live_ledgers)
    assert {name for name, _ in flags(ledgers)} >= {Flag.LATE}
    assert [replace(one, run_id=None) for one in verdicts] == live_verdicts
    assert len(verdicts) > 5


def test_the_live_topics_are_not_touched(log: InMemoryLog) -> None:
    before = copy.deepcopy({topic: events for topic, events in log.topics.items() if topic != RESCORED_ANOMALY_EVENTS})
    offset, request = log.offset, a_request(champion(log))
    run(log, request)
    assert {topic: events for topic, events in log.topics.items() if topic != RESCORED_ANOMALY_EVENTS} == before
    assert log.offset == offset


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("dies_at", [1, 2, 5])
def test_whatever_dies_the_ledger_has_no_gap_and_each_verdict_once(
    log: InMemoryLog, dies_at: int, *, after: bool
) -> None:
    whole, request = a_request(champion(log), asked="whole"), a_request(champion(log))
    run(log, whole)
    with pytest.raises(RescoringStopped):
        run(log, request, FakeRescoringLog(log, sizes=iter(lambda: 50, 0), dies_at=dies_at, after=after))
    run(log, request)
    (ledgers, verdicts), (straight, its_verdicts) = of_run(log, request), of_run(log, whole)
    assert [replace(one, run_id=None) for one in verdicts] == [replace(one, run_id=None) for one in its_verdicts]
    told = completed(request.run_id, request.ranges, [(0, ledgers)])
    assert replace(told, run_id=whole.run_id) == completed(whole.run_id, whole.ranges, [(0, straight)])
    assert (told.offsets, told.abnormal) == (READINGS - CHANGE, len(verdicts))


def test_another_model_gives_another_hash_and_a_gap_is_told(log: InMemoryLog) -> None:
    request, other = a_request(champion(log)), a_request(log.promote(2, threshold=4.5))
    run(log, request)
    run(log, other)
    hashes = [completed(one.run_id, one.ranges, [(0, of_run(log, one)[0])]).ledger_sha256 for one in (request, other)]
    assert hashes[0] != hashes[1]
    ledgers, _ = of_run(log, request)
    with pytest.raises(LedgerBroken):
        completed(request.run_id, request.ranges, [(0, ledgers[1:])])


def test_offsets_without_a_record_at_the_end_are_covered(log: InMemoryLog) -> None:
    request = a_request(champion(log), end=READINGS + 3)
    rescoring = FakeRescoringLog(log)

    def up_to_the_last(partition: int, start: int, end: int) -> Iterator[object]:
        return FakeRescoringLog.records(rescoring, partition, start, min(end, READINGS))

    rescoring.records = up_to_the_last  # type: ignore[method-assign,assignment]
    run(log, request, rescoring)
    told = completed(request.run_id, request.ranges, [(0, of_run(log, request)[0])])
    assert told.flagged[Flag.ABSENT] == 3


def test_the_same_words_resume_an_unfinished_run_and_begin_another_after_its_end(log: InMemoryLog) -> None:
    first = a_request(champion(log), end=READINGS)
    again = a_request(champion(log), end=READINGS + 50)
    assert first.run_id != again.run_id
    assert first.run_id == a_request(champion(log), end=READINGS).run_id
    assert unfinished([first], again) == first
    assert unfinished([first], a_request(champion(log), asked="other words")) is None
    done = RescoringCompleted(run_id=first.run_id, offsets=0, judged=0, abnormal=0, flagged={}, ledger_sha256="")
    assert unfinished([first, done], again) is None


def test_a_record_that_means_nothing_yet_stops_the_run_and_the_same_request_goes_on(log: InMemoryLog) -> None:
    log.put(a_reading(900, machine_id="new", profile="pump@1", measurements={"speed": 1.0}))
    request = a_request(champion(log), end=READINGS + 1)
    with pytest.raises(RescoringStopped, match=f"sensor-events/0, offsets .* to {READINGS}: profile 'pump@1'"):
        run(log, request, FakeRescoringLog(log, sizes=itertools.cycle([50])))
    log.profiles["pump@1"] = a_profile("pump", channels=("speed",))
    run(log, request)
    ledgers, _ = of_run(log, request)
    assert ledgers[-1].next_offset == READINGS + 1
    assert (Flag.UNSCORED, READINGS) in flags(ledgers)


def test_a_challenger_follows_what_is_appended_meanwhile(log: InMemoryLog) -> None:
    request, following = a_request(champion(log)), FakeRescoringLog(log)
    part = RescoredPartition(
        request, request.ranges[0], log=following, models=FakeModels(log), decoding=FakeDecoding(log)
    )
    for second in (800, 801, 802):
        part.advance(following.ends([0])[0], running=lambda: True, on_progress=lambda _partition, _at: None)
        log.put(a_reading(second, sensor_id="sensor-0", measurements={"temperature": 90.0}))
    part.advance(following.ends([0])[0], running=lambda: True, on_progress=lambda _partition, _at: None)
    ledgers, verdicts = of_run(log, request)
    assert [one.next_offset for one in ledgers] == [READINGS, READINGS + 1, READINGS + 2, READINGS + 3]
    assert {one.reading_position for one in verdicts} >= {f"sensor-events/0/{READINGS + more}" for more in range(3)}
