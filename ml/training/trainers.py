"""Which trainer makes which family of detectors, by the `detector` of its settings."""

from collections.abc import Mapping

from ml.isolation_forest.detector import KIND as ISOLATION_FOREST
from ml.isolation_forest.trainer import IsolationForestTrainer
from ml.training.trainer import NotTrainable, Trainer


def trainer_of(settings: Mapping[str, str | int | float]) -> Trainer:
    """Return the trainer that a manifest's settings describe.

    Raises:
        NotTrainable: this version has no such trainer.
    """
    if settings.get("detector") != ISOLATION_FOREST:
        raise NotTrainable(f"detector {settings.get('detector')!r} can't be trained by this version")
    trainer = IsolationForestTrainer(
        trees=int(settings["trees"]), seed=int(settings["seed"]), contamination=float(settings["contamination"])
    )
    if dict(trainer.settings) != dict(settings):
        raise NotTrainable(f"settings {dict(settings)} are not those of this version: {dict(trainer.settings)}")
    return trainer
