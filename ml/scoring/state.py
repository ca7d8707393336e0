"""A scorer's state of one partition: a pure function of the log below `next_offset`."""

import collections.abc
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from domain.models import ModelRef
from domain.scoring import ScorerStateSaved
from ml.artifact import Artifact, pack, unpack
from ml.detector import Detector
from ml.scoring.episodes import Followed
from ml.scoring.kept_episodes import Kept, as_json, from_json
from ml.scoring.late_lane import Lanes
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
class Known:
    """What a detector remembers; slots: what each row belongs to; states: float64 (rows, detector.state_size)."""

    slots: tuple[int, ...]
    states: NDArray[np.float64]

    @classmethod
    def nothing(cls, detector: Detector) -> "Known":
        """Return what a detector remembers that has judged nothing."""
        return cls((), np.empty((0, detector.state_size)))

    def only(self, slots: Collection[int]) -> "Known":
        """Return it without the slots that are not in `slots`."""
        if all(slot in slots for slot in self.slots):
            return self
        kept = [row for row, slot in enumerate(self.slots) if slot in slots]
        return Known(tuple(self.slots[row] for row in kept), self.states[kept])


@dataclass(frozen=True, slots=True)
class ModelState:
    """A model in force for one profile and what its detector remembers of each sensor it has judged.

    sensors: the partition's sensor of each row; states: float64 (rows, detector.state_size). late: what it remembers
    of late stretches that go on; see `ml.scoring.late_lane`.
    """

    loaded: LoadedModel
    sensors: tuple[int, ...]
    states: NDArray[np.float64]
    late: Known

    @property
    def in_order(self) -> Known:
        """Return what it remembers of the sensors' readings in order."""
        return Known(self.sensors, self.states)

    @classmethod
    def fresh(cls, loaded: LoadedModel) -> "ModelState":
        """Return a model that has judged nothing."""
        return cls(loaded, (), np.empty((0, loaded.detector.state_size)), Known.nothing(loaded.detector))


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
    lanes: Lanes = field(default_factory=Lanes.none)
    late_episodes: Mapping[str, Followed] = field(default_factory=dict)
    """As `episodes`, of late readings."""

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
    if state.lanes.sensors:
        header["late"] = {
            "sensors": list(state.lanes.sensors),
            "slots": {profile: list(held.late.slots) for profile, held in sorted(state.models.items())},
            "episodes": {machine: as_json(state.late_episodes[machine]) for machine in sorted(state.late_episodes)},
        }
        arrays |= {
            "late_last_us": state.lanes.sequence.last_us,
            "late_ids": state.lanes.sequence.ids.view(np.int64),
            "late_seen": state.lanes.sequence.seen,
            "late_stretches": state.lanes.stretches,
            **{f"late_states:{profile}": held.late.states for profile, held in state.models.items()},
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
    lanes, late_slots = _lanes(artifact)
    models = {
        profile: ModelState(
            loaded[profile],
            tuple(held["sensors"]),
            arrays[f"states:{profile}"],
            Known(tuple(late_slots[profile]), arrays[f"late_states:{profile}"])
            if late_slots
            else Known.nothing(loaded[profile].detector),
        )
        for profile, held in cast("dict[str, dict[str, list[int]]]", header["models"]).items()
    }
    sequence = Sequence(arrays["last_us"], arrays["ids"].view(np.uint64), arrays["seen"])
    # A snapshot of before there were incidents has none: the first alarm after it opens one.
    kept = cast("dict[str, Kept]", header.get("episodes", {}))
    episodes = {machine: from_json(followed) for machine, followed in kept.items()}
    kept_late = cast("dict[str, dict[str, Kept]]", header.get("late", {})).get("episodes", {})
    late_episodes = {machine: from_json(followed) for machine, followed in kept_late.items()}
    return PartitionState(next_offset, sensors, sequence, models, dict(inputs), episodes, lanes, late_episodes)


def _lanes(artifact: Artifact) -> tuple[Lanes, Mapping[str, list[int]]]:
    """Return the lanes of late readings and, by profile, what names the states in them; a snapshot may have none."""
    late = cast("dict[str, Any]", artifact.header.get("late"))
    if not late:
        return Lanes.none(), {}
    arrays = artifact.arrays
    sequence = Sequence(arrays["late_last_us"], arrays["late_ids"].view(np.uint64), arrays["late_seen"])
    return Lanes(tuple(late["sensors"]), sequence, arrays["late_stretches"]), late["slots"]


def order_from_chunks(chunks: collections.abc.Sequence[ScorerStateSaved]) -> PartitionState:
    """Return a snapshot's state without its models: which sensors were seen, and in what order their readings came."""
    artifact = unpack(b"".join(chunk.content for chunk in chunks))
    arrays = artifact.arrays
    keys = cast("list[tuple[str, str]]", artifact.header["sensors"])
    sensors = {(machine, sensor): row for row, (machine, sensor) in enumerate(keys)}
    return PartitionState(
        chunks[0].next_offset,
        sensors,
        Sequence(arrays["last_us"], arrays["ids"].view(np.uint64), arrays["seen"]),
        lanes=_lanes(artifact)[0],
    )


def _model_ref(profile: str, held: object) -> tuple[ModelRef, int]:
    assert isinstance(held, dict)  # noqa: S101 - to_bytes wrote it
    name, version, sha256 = held["model"]
    return ModelRef(profile=profile, name=name, version=version, artifact_sha256=sha256), held["promoted_at"]
