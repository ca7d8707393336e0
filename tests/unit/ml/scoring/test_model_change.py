"""A retrained model on a running healthy fleet: it knows the sensors from their last readings, and nobody is woken."""

from collections.abc import Mapping

import pytest

from domain.anomalies import AnomalyDetected
from domain.models import ModelRef
from domain.scoring import Flag, ScoringModelChanged
from ml.panel.detector import PanelDetector
from ml.scoring.scorer import Scorer
from ml.scoring.state import LoadedModel, ModelState, PartitionState
from ml.scoring.warming import CARRIED, FRESH, Warming, warm_from
from schemas.decoder import ReadingDecoder
from tests.builders import a_profile
from tests.fakes.scoring import FakeDecoding, FakeHistory, FakeScoringLog, InMemoryLog, RunningMeanDetector
from tests.unit.ml.scoring.fleet import PROFILE, PUMPS, a_panel, healthy
from tests.unit.ml.scoring.test_scorer import a_scorer, flagged, steps, temperatures

BEFORE_S, AFTER_S = 1_500, 400
CHANGE = BEFORE_S * PUMPS


class BeginsWithNothing(Warming):
    """What the scorer would do without looking back."""

    def begin(self, partition: int, state: PartitionState, loaded: LoadedModel) -> tuple[ModelState, str]:
        return ModelState.fresh(loaded), FRESH


@pytest.fixture(scope="module")
def panels() -> tuple[PanelDetector, PanelDetector]:
    return a_panel(seed=1), a_panel(seed=2)


def life(panels: tuple[PanelDetector, PanelDetector], *, change: bool, warm: bool = True) -> InMemoryLog:
    """Return the log of a fleet that ran under the first panel and goes on under the second, if it changes."""
    log = InMemoryLog(profiles={"pump@1": PROFILE})
    log.promote(1, profile="pump@1", detector=panels[0])
    readings = list(healthy(BEFORE_S + AFTER_S))
    log.put(*readings[:CHANGE])
    scorer = a_scorer(log, FakeScoringLog(log, iter(lambda: 1_000, 0)))
    if not warm:
        scorer._warming = BeginsWithNothing(FakeHistory(log), FakeDecoding(log))
    catch_up(scorer, log)
    if change:
        log.promote(2, profile="pump@1", detector=panels[1])
    log.put(*readings[CHANGE:])
    catch_up(scorer, log)
    return log


def catch_up(scorer: Scorer, log: InMemoryLog) -> None:
    while log.offset != len(log.source):
        steps(scorer, 1)


def verdicts_after_change(log: InMemoryLog) -> set[int]:
    events = log.written(AnomalyDetected)
    offsets = [int(event.reading_position.rsplit("/", 1)[1]) for event in events if isinstance(event, AnomalyDetected)]
    return {offset for offset in offsets if offset >= CHANGE}


def unjudged_after_change(log: InMemoryLog) -> int:
    return sum(offset >= CHANGE for offset in flagged(log, Flag.UNJUDGED))


def changes(log: InMemoryLog) -> list[tuple[int, str]]:
    events = log.written(ScoringModelChanged)
    return [(event.from_offset, event.state) for event in events if isinstance(event, ScoringModelChanged)]


def test_a_retrained_model_that_was_shown_the_last_readings_wakes_nobody_and_is_not_blind(
    panels: tuple[PanelDetector, PanelDetector],
) -> None:
    kept, changed = life(panels, change=False), life(panels, change=True)
    start = CHANGE - PUMPS * 1_000
    assert changes(changed) == [(0, "fresh"), (CHANGE, f"warmed({start})")]
    assert verdicts_after_change(changed) <= verdicts_after_change(kept)
    assert unjudged_after_change(changed) == unjudged_after_change(kept)


def test_a_model_that_begins_with_nothing_is_blind_until_it_has_settled(
    panels: tuple[PanelDetector, PanelDetector],
) -> None:
    warmed, fresh = life(panels, change=True), life(panels, change=True, warm=False)
    assert changes(fresh)[1] == (CHANGE, "fresh")
    blind = unjudged_after_change(fresh) - unjudged_after_change(warmed)
    assert blind >= PUMPS * 55


def test_what_a_change_began_with_can_be_computed_again_from_its_record(
    panels: tuple[PanelDetector, PanelDetector],
) -> None:
    """As a verifier does: the state before it from the log, the offset from the event, the model from its bytes."""
    log = life(panels, change=True)
    sha = f"{2:064x}"
    model = ModelRef(profile="pump@1", name="pump", version=2, artifact_sha256=sha)
    start = int(changes(log)[1][1].removeprefix("warmed(").removesuffix(")"))
    warming = Warming(FakeHistory(log), FakeDecoding(log))
    keys: Mapping[tuple[str, str], int] = {(f"machine-{machine}", "main"): machine for machine in range(PUMPS)}
    before = PartitionState(CHANGE, sensors=keys)
    assert warm_from(before) == start
    first, again = (warming.warmed(0, start, before, LoadedModel(model, 1, panels[1])) for _ in range(2))
    assert first.states.tobytes() == again.states.tobytes()
    assert len(first.sensors) == PUMPS


def test_the_same_model_promoted_again_carries_on_where_it_was() -> None:
    log = InMemoryLog(profiles={"environment@1": a_profile()})
    log.promote(1)
    log.put(*temperatures(20, 20, 20))
    scorer = a_scorer(log)
    steps(scorer, 2)
    log.promote(1)
    log.put(*temperatures(40, start=3))
    steps(scorer, 2)
    assert [state for _, state in changes(log)] == ["fresh", CARRIED]
    assert len(log.written(AnomalyDetected)) == 1


def test_the_first_model_of_a_profile_is_shown_what_went_by_unscored() -> None:
    log = InMemoryLog(profiles={"environment@1": a_profile()})
    log.put(*temperatures(20, 20, 20))
    scorer = a_scorer(log)
    steps(scorer, 2)
    log.promote(1)
    log.put(*temperatures(40, start=3))
    steps(scorer, 2)
    assert [state for _, state in changes(log)] == ["warmed(0)"]
    (verdict,) = log.written(AnomalyDetected)
    assert isinstance(verdict, AnomalyDetected)
    assert verdict.reading_position == "sensor-events/0/3"


def test_a_scorer_that_knows_older_promotions_than_the_partitions_last_owner_changes_nothing() -> None:
    log = InMemoryLog(profiles={"environment@1": a_profile()})
    log.promote(1)
    log.put(*temperatures(20, 20))
    steps(a_scorer(log), 2)
    second = log.promote(2)
    steps(a_scorer(log), 1)
    late = a_scorer(log)
    newest = log.model_events.pop()  # this one has not heard of it yet
    log.put(*temperatures(20, start=2))
    steps(late, 2)
    assert [model.version for model in in_force(log)] == [1, 2]
    log.model_events.append(newest)
    log.put(*temperatures(20, start=3))
    steps(late, 2)
    assert in_force(log)[-1] == second


def in_force(log: InMemoryLog) -> list[ModelRef]:
    return [event.model for event in log.written(ScoringModelChanged) if isinstance(event, ScoringModelChanged)]


def test_a_detector_without_memory_begins_fresh() -> None:
    class Forgetful(RunningMeanDetector):
        state_size = 0

    log = InMemoryLog(profiles={"environment@1": a_profile()})
    decoding = FakeDecoding(log)
    assert isinstance(decoding._decoder, ReadingDecoder)
    loaded = LoadedModel(log.promote(1, detector=Forgetful()), 0, Forgetful())
    state = PartitionState(7, sensors={("hall-a", "north"): 0})
    assert Warming(FakeHistory(log), decoding).begin(0, state, loaded)[1] == FRESH
