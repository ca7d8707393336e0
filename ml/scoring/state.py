"""A scorer's state of one partition: a pure function of the log below `next_offset`."""

import collections.abc
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from domain.models import ModelRef
from domain.scoring import ScorerStateSaved
from ml.artifact import Artifact, pack, unpack
from ml.detector import Detector
from ml.scoring.episodes import Followed
from ml.scoring.kept_episodes import Kept, as_json, from_json
from ml.scoring.sequence import Sequence

SensorKey = tuple[str, str]
"""Machine and sensor."""

ENCODING = "telltale-arrays/1"
"""`encoding` of ScorerStateSaved for these bytes."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model that can judge: what it is, the promotion that put it in force, and its detector."""

    model: ModelRef
    promoted_at: int
    detector: Detector


@dataclass(frozen=True, slots=True)
class ModelState:
    """A model in force for one profile and what its detector remembers of each sensor it has judged.

    sensors: the partition's sensor of each row; states: float64 (rows, detector.state_size).
    """

    loaded: LoadedModel
    sensors: tuple[int, ...]
    states: NDArray[np.float64]

    @classmethod
    def fresh(cls, loaded: LoadedModel) -> "ModelState":
        """Return a model that has judged nothing."""
        return cls(loaded, (), np.empty((0, loaded.detector.state_size)))


@dataclass(frozen=True, slots=True)
class PartitionState:
    """Everything a scorer knows of one partition after the records below `next_offset`."""

    next_offset: int
    sensors: Mapping[SensorKey, int] = field(default_factory=dict)
    sequence: Sequence = field(default_factory=Sequence.empty)
    models: Mapping[str, ModelState] = field(default_factory=dict)
    inputs: Mapping[str, int] = field(default_factory=dict)
    episodes: Mapping[str, Followed] = field(default_factory=dict)
    """By machine, those about which something is to be decided."""

    def with_model(self, loaded: LoadedModel) -> "PartitionState":
        """Return the state in which `loaded`, knowing nothing yet, judges its profile from here on."""
        return self.with_model_state(ModelState.fresh(loaded))

    def with_model_state(self, held: ModelState) -> "PartitionState":
        """Return the state in which a model judges its profile from here on, with what it knows of the sensors."""
        return replace(self, models={**self.models, held.loaded.model.profile: held})

    def with_input(self, topic: str, position: int) -> "PartitionState":
        """Return the state in which control topic `topic` is in force up to `position`; never goes back."""
        return replace(self, inputs={**self.inputs, topic: max(position, self.inputs.get(topic, 0))})

    def at(self, next_offset: int) -> "PartitionState":
        """Return the state with records up to `next_offset` passed over."""
        return replace(self, next_offset=next_offset)


def to_bytes(state: PartitionState) -> bytes:
    """Return the parts of a state that a snapshot's own fields don't say; equal states give equal bytes."""
    models = {
        profile: {
            "model": [held.loaded.model.name, held.loaded.model.version, held.loaded.model.artifact_sha256],
            "promoted_at": held.loaded.promoted_at,
            "sensors": list(held.sensors),
        }
        for profile, held in sorted(state.models.items())
    }
    header = {
        "sensors": [list(key) for key in state.sensors],
        "models": models,
        "episodes": {machine: as_json(state.episodes[machine]) for machine in sorted(state.episodes)},
    }
    arrays = {
        "last_us": state.sequence.last_us,
        "ids": state.sequence.ids.view(np.int64),
        "seen": state.sequence.seen,
        **{f"states:{profile}": held.states for profile, held in state.models.items()},
    }
    return pack(Artifact(header=header, arrays=arrays))  # type: ignore[arg-type]  # lists of plain values are JSON


def model_refs(content: bytes) -> Mapping[str, tuple[ModelRef, int]]:
    """Return the models in a snapshot's bytes by profile, with the offset of their promotion."""
    models = unpack(content).header["models"]
    assert isinstance(models, dict)  # noqa: S101 - to_bytes wrote it
    return {profile: _model_ref(profile, held) for profile, held in models.items()}


def from_bytes(
    content: bytes, *, next_offset: int, inputs: Mapping[str, int], loaded: Mapping[str, LoadedModel]
) -> PartitionState:
    """Return the state whose `to_bytes` these are; `loaded` holds the models of `model_refs` by profile."""
    artifact = unpack(content)
    header, arrays = artifact.header, artifact.arrays
    keys = cast("list[tuple[str, str]]", header["sensors"])
    sensors = {(machine, sensor): row for row, (machine, sensor) in enumerate(keys)}
    models = {
        profile: ModelState(loaded[profile], tuple(held["sensors"]), arrays[f"states:{profile}"])
        for profile, held in cast("dict[str, dict[str, list[int]]]", header["models"]).items()
    }
    sequence = Sequence(arrays["last_us"], arrays["ids"].view(np.uint64), arrays["seen"])
    # A snapshot of before there were incidents has none: the first alarm after it opens one.
    kept = cast("dict[str, Kept]", header.get("episodes", {}))
    episodes = {machine: from_json(followed) for machine, followed in kept.items()}
    return PartitionState(next_offset, sensors, sequence, models, dict(inputs), episodes)


def order_from_chunks(chunks: collections.abc.Sequence[ScorerStateSaved]) -> PartitionState:
    """Return a snapshot's state without its models: which sensors were seen, and in what order their readings came."""
    artifact = unpack(b"".join(chunk.content for chunk in chunks))
    arrays = artifact.arrays
    keys = cast("list[tuple[str, str]]", artifact.header["sensors"])
    sensors = {(machine, sensor): row for row, (machine, sensor) in enumerate(keys)}
    return PartitionState(
        chunks[0].next_offset, sensors, Sequence(arrays["last_us"], arrays["ids"].view(np.uint64), arrays["seen"])
    )


def _model_ref(profile: str, held: object) -> tuple[ModelRef, int]:
    assert isinstance(held, dict)  # noqa: S101 - to_bytes wrote it
    name, version, sha256 = held["model"]
    return ModelRef(profile=profile, name=name, version=version, artifact_sha256=sha256), held["promoted_at"]
