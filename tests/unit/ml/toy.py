"""A family of detectors in one module, as anybody may add one: a reading far from the training's mean is abnormal."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from domain.profiles import ProfileDefined
from ml.artifact import Artifact
from ml.detector import Batch, Explanations, FloatArray, IntArray, Verdicts
from ml.training.trainer import Fitted, TrainingRows


@dataclass(frozen=True)
class Toy:
    """A Detector without a state: the largest distance from the mean, in `limit` standard deviations."""

    channels: tuple[str, ...]
    means: FloatArray
    deviations: FloatArray
    limit: float
    kinds: tuple[str, ...] = ("toy",)
    votes: tuple[bool, ...] = (True,)
    runtime: str = "toy-1"
    state_size: int = 0

    @property
    def threshold(self) -> float:
        return self.limit

    @property
    def parameters(self) -> Mapping[str, str]:
        return {"detector": "toy", "limit": f"{self.limit:g}"}

    def fresh(self, *, machine_id: str, sensor_id: str) -> FloatArray:
        return np.empty(0)

    def score(self, batch: Batch, states: FloatArray) -> tuple[Verdicts, FloatArray]:
        raw = self._apart(batch).max(axis=1, keepdims=True)
        return Verdicts(ratios=raw / self.limit, raw=raw, unjudged=np.isnan(raw[:, 0])), states

    def explain(self, batch: Batch, states: FloatArray, *, rows: IntArray, kinds: IntArray) -> Explanations:
        return Explanations(expected=np.tile(self.means, (len(rows), 1)), contribution=self._apart(batch)[rows])

    def _apart(self, batch: Batch) -> FloatArray:
        return np.asarray(np.abs(batch.values - self.means) / self.deviations)


@dataclass(frozen=True)
class ToyTrainer:
    limit: float = 4.0

    @property
    def settings(self) -> Mapping[str, str | int | float]:
        return {"detector": "toy", "limit": self.limit}

    def fit(self, rows: TrainingRows, profile: ProfileDefined) -> Fitted:
        toy = Toy(profile.channel_names, rows.values.mean(axis=0), rows.values.std(axis=0), self.limit)
        batch = Batch(values=rows.values, recorded_at_us=rows.recorded_at_us, sensors=rows.sensors)
        return Fitted(
            artifact=Artifact(
                header={"detector": "toy", "channels": list(toy.channels), "limit": toy.limit},
                arrays={"means": toy.means, "deviations": toy.deviations},
            ),
            kinds=toy.kinds,
            metrics={"rows": float(len(rows))},
            parameters=toy.parameters,
            training_scores=toy.score(batch, np.empty((len(rows.sensor_names), 0)))[0].ratios,
        )


def new_trainer() -> ToyTrainer:
    return ToyTrainer()


def trainer_of(settings: Mapping[str, str | int | float]) -> ToyTrainer:
    return ToyTrainer(limit=float(settings["limit"]))


def from_artifact(artifact: Artifact) -> Toy:
    names = artifact.header["channels"]
    assert isinstance(names, list)
    return Toy(
        channels=tuple(str(name) for name in names),
        means=np.array(artifact.arrays["means"]),
        deviations=np.array(artifact.arrays["deviations"]),
        limit=float(str(artifact.header["limit"])),
    )
