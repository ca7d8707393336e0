"""A history with two changes of model, lived through once and handed out in copies."""

from dataclasses import replace

import pytest

from ml.artifact import pack
from ml.panel.trainer import PanelTrainer
from tests.fakes.lineage import ArtifactsInMemory
from tests.fakes.scoring import FakeScoringLog, InMemoryLog
from tests.unit.ml.lineage.judged import History, catch_up, with_faults
from tests.unit.ml.panel.machines import pump_rows, training_rows
from tests.unit.ml.scoring.fleet import PROFILE, PUMPS, healthy
from tests.unit.ml.scoring.test_scorer import a_scorer

SECONDS, FIRST_CHANGE_S, SECOND_CHANGE_S = 700, 100, 400


@pytest.fixture(scope="module")
def panels() -> tuple[bytes, bytes]:
    def content(seed: int) -> bytes:
        each = [pump_rows(3600, machine=machine, seed=seed) for machine in range(PUMPS)]
        return pack(PanelTrainer().fit(training_rows(each), PROFILE).artifact)

    return content(1), content(2)


@pytest.fixture
def history(lived: History) -> History:
    """Return a history of the test's own, which it may falsify."""
    log = lived.log.copy()
    return History(log, replace(lived.artifacts, log=log, stored={**lived.artifacts.stored}))


@pytest.fixture(scope="module")
def lived(panels: tuple[bytes, bytes]) -> History:
    log = InMemoryLog(profiles={"pump@1": PROFILE})
    artifacts = ArtifactsInMemory(log)
    readings = list(with_faults(healthy(SECONDS)))
    scorer = a_scorer(log, FakeScoringLog(log, iter(lambda: 97, 0)))
    for start_s, end_s, content in (
        (0, FIRST_CHANGE_S, None),
        (FIRST_CHANGE_S, SECOND_CHANGE_S, panels[0]),
        (SECOND_CHANGE_S, SECONDS, panels[1]),
    ):
        if content is not None:
            artifacts.promote(content, profile="pump@1")
        log.put(*readings[start_s * PUMPS : end_s * PUMPS])
        catch_up(scorer, log)
    return History(log, artifacts)
