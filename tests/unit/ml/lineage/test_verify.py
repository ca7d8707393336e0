"""Old verdicts judged again: equal to the bit, or told with both numbers."""

from dataclasses import replace

from domain.models import ModelPromoted
from domain.scoring import ReadingsScored, ScorerStateSaved, ScoringModelChanged
from domain.topics import ANOMALY_EVENTS, SCORER_STATE
from ml.artifact import Artifact, pack, unpack
from ml.lineage.same import same_decision, same_number
from ml.lineage.verify import StoredRow
from tests.unit.ml.lineage.judged import History, damaged, falsify, only


def test_every_verdict_of_a_history_with_changes_of_model_is_equal_to_the_bit(history: History) -> None:
    changes = [event.state for event in history.log.written(ScoringModelChanged)]  # type: ignore[union-attr]
    assert len(changes) == 2
    assert all(state.startswith("warmed(") for state in changes)
    assert {verdict.model.version for verdict in history.verdicts()} == {1, 2}
    for verdict in history.verdicts():
        verification = history.verify(verdict, StoredRow(verdict=verdict, passed=True))
        assert verification.equal
        assert [check for check in verification.checks if not check.equal] == []


def test_without_any_snapshot_the_whole_log_is_folded_and_the_answer_is_the_same(history: History) -> None:
    before = history.verify(history.verdicts()[-1])
    history.log.topics[SCORER_STATE] = []
    verification = history.verify(history.verdicts()[-1])
    assert verification.equal
    assert before.judged_again
    assert verification.judged_again
    assert before.judged_again.snapshot_at > verification.judged_again.snapshot_at == 0
    assert before.judged_again.ratio == verification.judged_again.ratio


def test_a_damaged_model_is_told_with_both_hashes_and_both_scores(history: History) -> None:
    verdict = history.verdicts()[-1]
    sha256 = verdict.model.artifact_sha256
    history.artifacts.stored[sha256] = damaged(history.artifacts.stored[sha256])
    verification = history.verify(verdict)
    assert not verification.equal
    its_bytes = only(verification, "model's bytes")
    assert its_bytes.equal is False
    assert sha256 in its_bytes.recorded
    assert sha256 not in its_bytes.found
    score = only(verification, "score")
    assert (score.equal, score.recorded) == (False, repr(verdict.score))
    assert float(score.found) != verdict.score


def test_a_model_cut_short_is_not_judged_with_and_not_equal(history: History) -> None:
    verdict = history.verdicts()[-1]
    sha256 = verdict.model.artifact_sha256
    history.artifacts.stored[sha256] = history.artifacts.stored[sha256][:-64]
    verification = history.verify(verdict)
    assert not verification.equal
    assert only(verification, "model's bytes").equal is False
    assert only(verification, "score").equal is None


def test_a_falsified_row_of_the_read_model_is_told_with_both_numbers(history: History) -> None:
    verdict = history.verdicts()[0]
    falsified = replace(verdict, score=verdict.score + 0.25)
    verification = history.verify(verdict, StoredRow(verdict=falsified, passed=True))
    assert not verification.equal
    row = only(verification, "row in the read model: score")
    assert (row.recorded, row.found) == (repr(verdict.score), repr(falsified.score))
    assert only(verification, "score").equal


def test_a_row_that_is_missing_behind_the_checkpoint_is_told_and_one_yet_to_come_is_not(history: History) -> None:
    verdict = history.verdicts()[0]
    assert not history.verify(verdict, StoredRow(verdict=None, passed=True)).equal
    assert history.verify(verdict, StoredRow(verdict=None, passed=False)).equal


def test_a_falsified_ledger_is_told(history: History) -> None:
    verdict, events = history.verdicts()[0], history.log.topics[ANOMALY_EVENTS]
    offset = int(verdict.reading_position.rsplit("/", 1)[1])
    for place, event in enumerate(events):
        if isinstance(event, ReadingsScored) and event.from_offset <= offset < event.next_offset:
            events[place] = replace(
                event, columns=tuple(replace(c, scores=(0.5,) * len(c.scores)) for c in event.columns)
            )
    verification = history.verify(verdict)
    assert not verification.equal
    ledger = only(verification, "score ledger")
    assert (ledger.recorded, ledger.found) == (repr(verdict.score), "0.5")


def test_a_falsified_verdict_differs_from_what_its_model_says(history: History) -> None:
    verdict, events = history.verdicts()[0], history.log.topics[ANOMALY_EVENTS]
    events[events.index(verdict)] = replace(verdict, score=99.0)
    verification = history.verify(verdict)
    score = only(verification, "score")
    assert (score.equal, score.recorded, score.found) == (False, "99.0", repr(verdict.score))


def test_a_model_put_into_force_without_a_promotion_before_is_told(history: History) -> None:
    log, (first, second) = history.log, promotions(history)
    of_first, of_second = history.verdicts()[0], history.verdicts()[-1]
    assert only(history.verify(of_second), "promotion").found == f"model-events/0/{second}"

    without_second = [(at, event) for at, event in log.model_events if at != second]
    later = [(at + 10 if at == second else at, event) for at, event in log.model_events]
    another = [(at, log.model_events[first][1] if at == second else event) for at, event in log.model_events]
    for falsified in (without_second, later, another):
        log.model_events[:] = falsified
        verification = history.verify(of_second)
        assert not verification.equal
        assert [check.what for check in verification.checks if check.equal is False] == ["promotion"]
        assert f"by model-events/0/{second}" in only(verification, "promotion").recorded
        assert history.verify(of_first).equal


def test_a_model_never_promoted_is_told_where_its_reading_can_not_be_judged_again(history: History) -> None:
    verdict = history.verdicts()[0]
    del history.artifacts.stored[verdict.model.artifact_sha256]
    assert only(history.verify(verdict), "promotion").equal is None
    history.log.model_events.clear()
    assert only(history.verify(verdict), "promotion").equal is False


def promotions(history: History) -> list[int]:
    return [offset for offset, event in history.log.model_events if isinstance(event, ModelPromoted)]


def test_a_falsified_reading_is_told_with_both_values(history: History) -> None:
    verdict = history.verdicts()[0]
    falsify(history, verdict, vibration=verdict.measurements["vibration"] + 1)
    verification = history.verify(verdict)
    assert not verification.equal
    measured = only(verification, "measurements")
    assert measured.equal is False
    assert f"vibration {verdict.measurements['vibration']!r}" in measured.recorded
    assert f"vibration {verdict.measurements['vibration'] + 1!r}" in measured.found
    assert only(verification, "score").equal is False
    assert only(verification, "reading").equal


def test_a_snapshot_of_a_damaged_state_gives_another_score(history: History) -> None:
    snapshots = history.log.topics[SCORER_STATE]
    last = snapshots[-1]
    assert isinstance(last, ScorerStateSaved)
    artifact = unpack(last.content)
    arrays = {name: array + 5.0 if name.startswith("states:") else array for name, array in artifact.arrays.items()}
    snapshots[-1] = replace(last, content=pack(Artifact(header=artifact.header, arrays=arrays)))
    verdict = next(v for v in history.verdicts() if int(v.reading_position.rsplit("/", 1)[1]) >= last.next_offset)
    assert not history.verify(verdict).equal


def test_another_runtime_has_a_band_and_the_same_one_has_none() -> None:
    near, far = 2.0 + 1e-6, 2.0 + 1e-5
    assert not same_number(2.0, near, same_runtime=True)
    assert same_number(2.0, near, same_runtime=False)
    assert not same_number(2.0, far, same_runtime=False)
    assert same_number(float("nan"), float("nan"), same_runtime=True)
    assert same_decision(1.0 + 1e-7, abnormal=False, same_runtime=False)
    assert not same_decision(1.0 + 1e-7, abnormal=False, same_runtime=True)
    assert not same_decision(1.1, abnormal=False, same_runtime=False)
