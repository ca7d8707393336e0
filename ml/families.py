"""The families of detectors that this version knows: the one list that loading, training and the command line read.

A new family is a module that has `from_artifact`, `new_trainer` and `trainer_of`, and a line here. Modules are imported
when they are needed: what only judges must never load what trains.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from ml.artifact import Artifact
from ml.detector import Detector
from ml.training.trainer import Trainer


@dataclass(frozen=True, slots=True)
class Family:
    """Where a family's functions are; one module may have them all.

    reading: module with `from_artifact(artifact) -> Detector`.
    training: module with `new_trainer() -> Trainer` of the defaults and `trainer_of(settings) -> Trainer`, which raises
        KeyError when the settings lack something.
    """

    reading: str
    training: str

    def detector(self, artifact: Artifact) -> Detector:
        """Return the detector in `artifact`; NotAnArtifact when its numbers don't fit together."""
        detector: Detector = import_module(self.reading).from_artifact(artifact)
        return detector

    def new_trainer(self) -> Trainer:
        """Return the trainer with its defaults."""
        trainer: Trainer = import_module(self.training).new_trainer()
        return trainer

    def trainer_of(self, settings: Mapping[str, str | int | float]) -> Trainer:
        """Return the trainer that a manifest's settings describe; KeyError when they lack something."""
        trainer: Trainer = import_module(self.training).trainer_of(settings)
        return trainer


FAMILIES: Final[dict[str, Family]] = {
    "panel": Family(reading="ml.panel.detector", training="ml.panel.trainer"),
    "isolation_forest": Family(reading="ml.isolation_forest.detector", training="ml.isolation_forest.trainer"),
}
"""By `detector` of an artifact's header and of a trainer's settings; the first is trained when nobody chooses."""
