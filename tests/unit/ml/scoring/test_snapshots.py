"""A partition's state comes back from a snapshot in many chunks, and never from one that lacks a chunk."""

import pytest

from domain.scoring import ScorerStateSaved
from domain.topics import SCORER_STATE
from ml.scoring.snapshots import whole_snapshots
from ml.scoring.state import PartitionState, to_bytes
from ml.scoring.taking import Saved, take_partition
from tests.fakes.scoring import FakeDecoding, FakeHistory, FakeModels, FakeScoringLog, InMemoryLog
from tests.unit.ml.scoring.test_scorer import a_log, a_scorer, steps, temperatures

CHUNK_BYTES = 100
"""So few that the small states of these tests come to a dozen chunks."""


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> InMemoryLog:
    """Return a log with whole snapshots at offsets 0 (the model's beginning), 3 and 6, two scorers having run."""
    monkeypatch.setattr("ml.scoring.work.CHUNK_BYTES", CHUNK_BYTES)
    log = a_log()
    log.promote()
    for start in (0, 3):
        log.put(*temperatures(20, 21, 40, start=start))
        scorer = a_scorer(log, FakeScoringLog(log))
        steps(scorer, 2)
        scorer.run(lambda: False)
    return log


def taken(log: InMemoryLog) -> tuple[PartitionState, Saved]:
    return take_partition(0, committed=6, history=FakeHistory(log), models=FakeModels(log), decoding=FakeDecoding(log))


def of_newest(log: InMemoryLog) -> list[ScorerStateSaved]:
    chunks = [event for event in log.written(ScorerStateSaved) if isinstance(event, ScorerStateSaved)]
    return [chunk for chunk in chunks if chunk.next_offset == 6]


def test_a_state_is_the_same_from_a_snapshot_in_many_chunks_and_from_the_readings(log: InMemoryLog) -> None:
    newest = of_newest(log)
    assert [chunk.chunk for chunk in newest] == list(range(newest[0].chunks))
    assert len(newest) > 3
    assert all(len(chunk.content) <= CHUNK_BYTES for chunk in newest)
    from_chunks, saved = taken(log)
    assert saved == (6, sum(len(chunk.content) for chunk in newest))
    for chunk in newest:
        log.topics[SCORER_STATE].remove(chunk)
    from_readings, saved = taken(log)
    assert saved.next_offset == 3
    assert to_bytes(from_readings) == to_bytes(from_chunks)


@pytest.mark.parametrize("lacking", [0, 1, -1])
def test_a_snapshot_that_lacks_a_chunk_is_passed_over_for_the_one_before(log: InMemoryLog, lacking: int) -> None:
    whole, _ = taken(log)
    log.topics[SCORER_STATE].remove(of_newest(log)[lacking])
    state, saved = taken(log)
    assert saved.next_offset == 3
    assert to_bytes(state) == to_bytes(whole)


def test_a_topic_whose_head_was_deleted_within_its_only_snapshot_holds_none(log: InMemoryLog) -> None:
    newest = of_newest(log)
    assert list(whole_snapshots(reversed(newest))) == [tuple(newest)]
    assert list(whole_snapshots(reversed(newest[1:]))) == []


def test_two_snapshots_at_one_offset_are_not_put_together_into_one(log: InMemoryLog) -> None:
    newest = of_newest(log)
    assert list(whole_snapshots(reversed([*newest[:2], *newest[2:-1], *newest]))) == [tuple(newest)]
    assert list(whole_snapshots(reversed([*newest, *newest]))) == [tuple(newest), tuple(newest)]
