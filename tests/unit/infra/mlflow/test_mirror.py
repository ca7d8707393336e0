"""MLflow is made equal to the log, whatever it showed before and whenever the mirror stopped."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from domain.logged_models import LoggedLine, LoggedModelEvent, fold
from domain.models import ModelPromoted
from domain.positions import Position
from infra.mlflow.mirror import Mirror
from infra.mlflow.reconcile import Onlooker, ShowcaseNotReachable, reconcile
from infra.mlflow.run_content import MODEL_FILE, RunContents, run_content
from ml.isolation_forest.trainer import IsolationForestTrainer
from ml.manifest import CodeIdentity
from ml.training.train import TrainingDesk
from tests.fakes.models import FakeModelLog, FakeReadingLog, FakeShowcase, appended_at
from tests.unit.ml.rows import a_profile, healthy_values, training_rows


@pytest.fixture(scope="module")
def models() -> FakeModelLog:
    """Return a log with pump/1 and pump/2."""
    models = FakeModelLog()
    code = CodeIdentity(code_version="1", lock_sha256="", runtime={})
    for seed in (1, 2):
        readings = FakeReadingLog(a_profile(), training_rows(healthy_values(seed=seed)))
        TrainingDesk(readings=readings, models=models, code=code).train_profile(
            "pump", trainer=IsolationForestTrainer(trees=5), on_progress=lambda _done, _total: None
        )
    return models


class FakeModelEvents:
    """What the mirror reads: a FakeModelLog's versions and the promotions a test puts in."""

    def __init__(self, models: FakeModelLog, *, versions: int = 2) -> None:
        self._models = models
        self._waiting = [
            LoggedModelEvent(event=event, position=Position("model-events", 0, offset), appended_at=appended_at(offset))
            for offset, event in enumerate(models.events[:versions])
        ]
        self._offset = versions

    def promote(self, version: int) -> None:
        event = ModelPromoted(
            model=self._models.events[version - 1].model, replaces=None, because="test", actor="ada", forced=False
        )
        self._waiting.append(
            LoggedModelEvent(
                event=event,
                position=Position("model-events", 0, self._offset),
                appended_at=appended_at(self._offset),
            )
        )
        self._offset += 1

    def news(self, timeout_s: float) -> Iterator[LoggedModelEvent]:
        waiting, self._waiting = self._waiting, []
        yield from waiting

    def content(self, artifact_sha256: str) -> bytes:
        return self._models.content(artifact_sha256)[1]


def a_line(models: FakeModelLog, *, champion: int | None = None) -> LoggedLine:
    events = FakeModelEvents(models)
    if champion is not None:
        events.promote(champion)
    return fold({}, events.news(0))[0]["pump"]


def content_of(models: FakeModelLog, digest: str) -> bytes:
    return models.content(digest)[1]


@cache
def contents_of(models: FakeModelLog) -> RunContents:
    return RunContents(lambda digest: content_of(models, digest))


def mirrored(models: FakeModelLog, showcase: FakeShowcase, *, champion: int | None = 2) -> tuple[str, ...]:
    return reconcile(a_line(models, champion=champion), showcase, contents_of(models))


def test_an_empty_mlflow_is_filled_from_the_log(models: FakeModelLog) -> None:
    showcase = FakeShowcase()

    changes = mirrored(models, showcase)

    assert changes == (
        "pump/1: run missing",
        "pump/2: run missing",
        "pump/1: not registered",
        "pump/2: not registered",
        "champion: nobody instead of 2",
    )
    assert [run.tags["telltale.model"] for _, run in showcase.runs.values()] == ["pump/1", "pump/2"]
    assert [version.run_id for version in showcase.registered["pump"]] == list(showcase.runs)
    assert showcase.champions == {"pump": 2}


def test_a_second_time_nothing_changes(models: FakeModelLog) -> None:
    showcase = FakeShowcase()
    mirrored(models, showcase)
    before = showcase.changes

    assert mirrored(models, showcase) == ()
    assert showcase.changes == before


def test_the_run_shows_parameters_metrics_manifest_model_and_plot(models: FakeModelLog) -> None:
    version = a_line(models).versions[0]
    content = content_of(models, version.event.model.artifact_sha256)

    run = run_content(version, content)

    assert run.parameters["trees"] == "5"
    assert run.metrics["threshold"] == version.event.metrics["threshold"]
    assert run.files[MODEL_FILE] == content
    assert set(run.files) == {MODEL_FILE, "manifest.json", "score-distribution.png"}
    assert run.files["score-distribution.png"].startswith(b"\x89PNG")
    assert run == run_content(version, content)


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ({"parameters": {}}, "with other parameters"),
        ({"metrics": {"threshold": 0.1}}, "with other metrics"),
        ({"sizes": {}}, "with other files"),
        ({"finished": False}, "left unfinished"),
        ({"tags": {"telltale.model": "pump/1"}}, "with other tags"),
    ],
)
def test_a_run_changed_by_hand_is_written_anew(models: FakeModelLog, part: dict[str, object], says: str) -> None:
    showcase = FakeShowcase()
    mirrored(models, showcase)
    line, run = showcase.runs["run-1"]
    showcase.runs["run-1"] = (line, replace(run, **part))  # type: ignore[arg-type]

    changes = mirrored(models, showcase)

    assert changes[0] == f"pump/1: run {says}"
    assert "run-1" not in showcase.runs
    assert mirrored(models, showcase) == ()


def test_a_promotion_moves_the_alias_and_a_moved_alias_is_moved_back(models: FakeModelLog) -> None:
    showcase = FakeShowcase()
    mirrored(models, showcase, champion=None)
    assert showcase.champions == {}

    assert mirrored(models, showcase, champion=1) == ("champion: nobody instead of 1",)
    showcase.champions["pump"] = 2
    assert mirrored(models, showcase, champion=1) == ("champion: 2 instead of 1",)
    assert mirrored(models, showcase, champion=None) == ("champion: 1 instead of nobody",)


def test_versions_registered_by_others_are_taken_away(models: FakeModelLog) -> None:
    showcase = FakeShowcase()
    mirrored(models, showcase)
    showcase.add_version("pump", "run-of-somebody", {})

    changes = mirrored(models, showcase)

    assert changes[0] == "registered versions are not those of the log"
    assert [version.version for version in showcase.registered["pump"]] == [1, 2]
    assert showcase.champions == {"pump": 2}
    assert mirrored(models, showcase) == ()


def test_a_doubled_run_and_a_run_of_no_version_are_removed(models: FakeModelLog) -> None:
    showcase = FakeShowcase()
    mirrored(models, showcase)
    line, run = showcase.runs["run-1"]
    showcase.runs["twin"] = (line, replace(run, run_id="twin"))
    showcase.runs["stranger"] = (line, replace(run, run_id="stranger", tags={"telltale.model": "pump/9"}))

    mirrored(models, showcase)

    assert set(showcase.runs) == {"run-1", "run-2"}


def test_an_onlooker_tells_every_difference_and_mends_none(models: FakeModelLog) -> None:
    showcase = FakeShowcase()
    mirrored(models, showcase, champion=1)
    line, run = showcase.runs["run-2"]
    showcase.runs["run-2"] = (line, replace(run, metrics={"threshold": 0.1}))
    showcase.runs["stranger"] = (line, replace(run, run_id="stranger", tags={"telltale.model": "pump/9"}))
    showcase.champions["pump"] = 2
    before = showcase.changes

    told = reconcile(a_line(models, champion=1), Onlooker(showcase), contents_of(models))

    assert told == (
        "pump/2: run with other metrics",
        "pump/9: run of no version in the log",
        "champion: 2 instead of 1",
    )
    assert showcase.changes == before
    del showcase.registered["pump"][1]
    assert "pump/2: not registered" in reconcile(a_line(models, champion=1), Onlooker(showcase), contents_of(models))


def test_wherever_the_mirror_is_cut_off_it_goes_on_from_there(models: FakeModelLog) -> None:
    whole = FakeShowcase()
    mirrored(models, whole)

    for steps in range(1, whole.changes):
        showcase = FakeShowcase(fails_after=steps)
        with pytest.raises(ShowcaseNotReachable):
            mirrored(models, showcase)
        showcase.fails_after = None
        mirrored(models, showcase)

        assert [run.tags for _, run in showcase.runs.values()] == [run.tags for _, run in whole.runs.values()]
        assert len(showcase.registered["pump"]) == 2


def test_an_mlflow_that_is_down_stops_nothing_and_is_filled_when_it_is_back(models: FakeModelLog) -> None:
    showcase = FakeShowcase(fails_after=0)
    events = FakeModelEvents(models)
    mirror = Mirror(events, showcase)
    mirror.step(wait_s=0)
    events.promote(1)
    mirror.step(wait_s=0)

    showcase.fails_after = None
    retry_now(mirror)
    mirror.step(wait_s=0)

    assert showcase.champions == {"pump": 1}


def retry_now(mirror: Mirror) -> None:
    """Let the pause before the next try be over."""
    mirror._retry_at = 0.0
