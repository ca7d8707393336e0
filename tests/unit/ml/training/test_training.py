"""A model is trained from the log's rows, kept with its manifest, and can be made again from it."""

from dataclasses import replace

import numpy as np
import pytest
import typer

from domain.admission import UnknownProfile
from infra.cli.models.families import known_family
from ml.artifact import unpack
from ml.families import FAMILIES, Family
from ml.isolation_forest.trainer import IsolationForestTrainer
from ml.loading import load_detector
from ml.manifest import CodeIdentity, Manifest
from ml.panel.trainer import PanelTrainer
from ml.population_shift.reference import reference_of
from ml.training.histogram import BINS, BINS_A_RATIO, histogram_of
from ml.training.ports import ModelNotStored, ReadingsGone
from ml.training.train import TrainingDesk
from ml.training.trainer import NotTrainable, Trainer
from ml.training.trainers import trainer_of
from tests.fakes.models import FakeModelLog, FakeReadingLog
from tests.unit.ml.rows import a_batch, a_profile, healthy_values, training_rows

CODE = CodeIdentity(code_version="1", lock_sha256="ab" * 32, runtime={"numba": "1"})
TRAINER = IsolationForestTrainer(trees=10)


def a_desk(rows: int = 500) -> tuple[TrainingDesk, FakeReadingLog, FakeModelLog]:
    readings, models = FakeReadingLog(a_profile(), training_rows(healthy_values(rows))), FakeModelLog()
    return TrainingDesk(readings=readings, models=models, code=CODE), readings, models


def ignore(_done: int, _total: int) -> None:
    """Show nobody how far it is."""


def test_a_trained_model_stands_in_the_log_with_its_manifest_and_bytes() -> None:
    desk, _, models = a_desk()

    stored = desk.train_profile("pump", trainer=TRAINER, on_progress=ignore)

    event = stored.event
    manifest = Manifest.parse(event.manifest)
    assert str(event.model) == "pump/1"
    assert event.model.profile == "pump@1"
    assert event.rows == manifest.rows == 500
    assert manifest.sha256 == event.manifest_sha256
    assert manifest.settings == TRAINER.settings
    assert manifest.code == CODE
    form, content = models.content(event.model.artifact_sha256)
    assert load_detector(content, format=form).threshold == event.metrics["threshold"]


def test_versions_count_within_their_line() -> None:
    desk, _, _ = a_desk()

    versions = [str(desk.train_profile("pump@1", trainer=TRAINER, on_progress=ignore).event.model) for _ in range(2)]

    assert versions == ["pump/1", "pump/2"]


def test_the_artifact_tells_how_the_training_rows_were_spread() -> None:
    desk, _, models = a_desk(1000)

    stored = desk.train_profile("pump", trainer=TRAINER, on_progress=ignore)

    _, content = models.content(stored.event.model.artifact_sha256)
    reference = reference_of(unpack(content), channels=("a", "b", "c"), kinds=stored.event.detectors)
    assert reference is not None
    assert reference.counts.sum(axis=(0, 2)).tolist() == [1000] * 4


def test_the_artifact_tells_how_the_training_rows_scored() -> None:
    desk, _, models = a_desk(1000)

    event = desk.train_profile("pump", trainer=TRAINER, on_progress=ignore).event

    counts = histogram_of(unpack(models.content(event.model.artifact_sha256)[1]))
    assert counts is not None
    assert counts.shape == (1, BINS)
    assert counts.sum() == 1000
    assert counts[0, BINS_A_RATIO:].sum() == 5


@pytest.mark.parametrize("trainer", [TRAINER, PanelTrainer(beside=TRAINER)], ids=["forest", "panel"])
def test_the_manifest_makes_the_same_model_again_even_when_the_log_has_grown(trainer: Trainer) -> None:
    desk, readings, models = a_desk()
    desk.train_profile("pump", trainer=trainer, on_progress=ignore)
    readings.held = training_rows(np.vstack([readings.held.values, healthy_values(300, seed=99)]))

    again = desk.reproduce("pump/1", on_progress=ignore)

    assert again.holds
    assert again.same_bytes
    assert again.changed == ()
    assert len(models.events) == 1


def test_a_family_of_detectors_is_one_module_and_a_line_in_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, _, models = a_desk()
    monkeypatch.setitem(FAMILIES, "toy", Family(reading="tests.unit.ml.toy", training="tests.unit.ml.toy"))

    event = desk.train_profile(
        "pump", trainer=FAMILIES[known_family("toy") or ""].new_trainer(), on_progress=ignore
    ).event

    form, content = models.content(event.model.artifact_sha256)
    detector = load_detector(content, format=form)
    verdicts, _ = detector.score(a_batch(np.array([[20.0, 20.0, 20.0], [20.0, 90.0, 20.0]])), np.empty((1, 0)))
    assert (verdicts.ratios[:, 0] > 1).tolist() == [False, True]
    assert desk.reproduce("pump/1", on_progress=ignore).same_bytes


def test_a_family_nobody_knows_is_refused_with_the_names_of_those_there_are() -> None:
    with pytest.raises(typer.BadParameter, match="panel, isolation_forest"):
        known_family("crystal ball")


def test_other_rows_under_the_same_offsets_are_found_out() -> None:
    desk, readings, _ = a_desk()
    desk.train_profile("pump", trainer=TRAINER, on_progress=ignore)
    changed = readings.held.values.copy()
    changed[17, 1] += 1e-9
    readings.held = replace(readings.held, values=changed)

    again = desk.reproduce("pump/1", on_progress=ignore)

    assert not again.same_rows
    assert not again.holds
    assert [line.partition(":")[0] for line in again.changed] == ["rows_sha256"]


def test_another_library_version_is_named_and_equal_scores_still_hold() -> None:
    desk, _, _ = a_desk()
    desk.train_profile("pump", trainer=TRAINER, on_progress=ignore)
    later = replace(desk, code=replace(CODE, runtime={"numba": "2"}))

    again = later.reproduce("pump/1", on_progress=ignore)

    assert again.holds
    assert again.changed == (f"code: {str(CODE)[:77]}… → {str(later.code)[:77]}…",)


def test_what_can_not_be_trained_leaves_nothing_behind() -> None:
    desk, readings, models = a_desk(150)

    with pytest.raises(NotTrainable, match="150 complete readings"):
        desk.train_profile("pump", trainer=TRAINER, on_progress=ignore)
    with pytest.raises(UnknownProfile):
        desk.train_profile("fan", trainer=TRAINER, on_progress=ignore)
    with pytest.raises(ModelNotStored, match="pump/1 was never trained"):
        desk.reproduce("pump/1", on_progress=ignore)
    readings.held = training_rows(healthy_values(500))
    desk.train_profile("pump", trainer=TRAINER, on_progress=ignore)
    readings.held = training_rows(healthy_values(400))
    with pytest.raises(ReadingsGone):
        desk.reproduce("pump/1", on_progress=ignore)
    assert len(models.events) == 1


def test_a_manifest_of_an_unknown_trainer_is_refused() -> None:
    with pytest.raises(NotTrainable, match="'crystal ball'"):
        trainer_of({"detector": "crystal ball"})
    with pytest.raises(NotTrainable, match="not those of this version"):
        trainer_of({**TRAINER.settings, "rows_a_tree": 4})
