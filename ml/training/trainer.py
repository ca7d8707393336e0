"""What a trainer gets and gives: the rows of one profile in, an artifact out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from domain.profiles import ProfileDefined
from ml.artifact import Artifact
from ml.detector import FloatArray, IntArray


class NotTrainable(ValueError):
    """The rows can't make a model; the message says what is wrong with them and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRows:
    """Admitted readings of one profile, in log order within each partition, partitions in ascending order.

    values: float64 array (n, c), channels in the profile's order; NaN where a reading lacks the channel.
    recorded_at_us: int64 array (n,), device time in µs since 1970.
    partitions, offsets: int64 arrays (n,), the readings' positions in sensor-events.
    sensors: int64 array (n,), index into `sensor_names`.
    sensor_names: (machine_id, sensor_id) pairs.
    """

    values: FloatArray
    recorded_at_us: IntArray
    partitions: IntArray
    offsets: IntArray
    sensors: IntArray
    sensor_names: tuple[tuple[str, str], ...]

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What training made.

    artifact: the model; its header's `detector` says which loader reads it.
    metrics: measured on the training rows; names say the unit.
    parameters: as people read them.
    training_scores: float64 array (n, k), the rows' ratios by the engine that will score, NaN where not judged: for the
        score plot, and to be held against later.
    """

    artifact: Artifact
    kinds: tuple[str, ...]
    metrics: Mapping[str, float]
    parameters: Mapping[str, str]
    training_scores: FloatArray


class Trainer(Protocol):
    """Fits one family of detectors; the same rows and seed give the same artifact bytes on the same runtime."""

    @property
    def settings(self) -> Mapping[str, str | int | float]:
        """Everything beside the rows that decides the result: goes into the manifest."""

    def fit(self, rows: TrainingRows, profile: ProfileDefined) -> Fitted:
        """Return the model of `rows`.

        Raises:
            NotTrainable: too few rows, a constant or a missing channel.
        """
