"""Which trainer makes which family of detectors, by the `detector` of its settings."""

from collections.abc import Mapping

from ml.isolation_forest.detector import KIND as ISOLATION_FOREST
from ml.isolation_forest.trainer import IsolationForestTrainer
from ml.panel.parameters import DETECTOR as PANEL
from ml.panel.trainer import trainer_of as panel_trainer_of
from ml.training.trainer import NotTrainable, Trainer


def trainer_of(settings: Mapping[str, str | int | float]) -> Trainer:
    """Return the trainer that a manifest's settings describe.

    Raises:
        NotTrainable: this version has no such trainer.
    """
    try:
        trainer = _trainer(settings)
    except KeyError as error:
        raise NotTrainable(f"settings {dict(settings)} lack {error}, which this version needs") from error
    if dict(trainer.settings) != dict(settings):
        raise NotTrainable(f"settings {dict(settings)} are not those of this version: {dict(trainer.settings)}")
    return trainer


def _trainer(settings: Mapping[str, str | int | float]) -> Trainer:
    if settings.get("detector") == PANEL:
        return panel_trainer_of(settings)
    if settings.get("detector") != ISOLATION_FOREST:
        raise NotTrainable(f"detector {settings.get('detector')!r} can't be trained by this version")
    return IsolationForestTrainer(
        trees=int(settings["trees"]), seed=int(settings["seed"]), contamination=float(settings["contamination"])
    )
