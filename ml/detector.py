"""What every detector is to the scorer, the trainer and the verifier: a pure causal step over columns.

A detector never reads a clock, the log or a file, and never keeps anything between two calls: state goes in and
comes out. Scores mean one thing everywhere: higher is more abnormal, and a ratio above 1 is abnormal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Readings of one profile in log order, several sensors mixed.

    values: float64 array (n, c), channels in the detector's order; NaN where a reading lacks the channel.
    recorded_at_us: int64 array (n,), device time in µs since 1970, strictly ascending within one sensor.
    sensors: int64 array (n,), the row of `states` that belongs to each reading's machine and sensor.
    """

    values: FloatArray
    recorded_at_us: IntArray
    sensors: IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What a detector says of every row of a batch.

    ratios: float64 array (n, k), score over threshold per kind, abnormal when above 1 (a kind with hysteresis keeps
        its ratio above 1 while its alarm holds); NaN where the kind did not judge the row.
    raw: float64 array (n, k), the kinds' own scores before division; NaN where not judged.
    unjudged: bool array (n,), True where no kind that votes judged the row.
    """

    ratios: FloatArray
    raw: FloatArray
    unjudged: BoolArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanations:
    """Why rows were judged as they were.

    expected: float64 array (m, c), what the model expected per channel, in the channel's unit; NaN: no expectation.
    contribution: float64 array (m, c), part of each channel in the score; its meaning belongs to the kind.
    """

    expected: FloatArray
    contribution: FloatArray


class Detector(Protocol):
    """A trained model, ready to judge.

    The law: for any split of a sensor's rows into batches, and any mixture with other sensors' rows, `ratios`, `raw`
    and the state after the last row are equal to the bit. So: float64, one thread, no fused or reordered sums.
    """

    @property
    def kinds(self) -> tuple[str, ...]:
        """Names of the k columns of `Verdicts`, in their order."""

    @property
    def votes(self) -> tuple[bool, ...]:
        """Per kind: True when a ratio above 1 makes the reading abnormal, False when it is only written down."""

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the c columns of `Batch.values`, in their order."""

    @property
    def threshold(self) -> float:
        """Raw score at which the ratio is 1; NaN when there are several."""

    @property
    def parameters(self) -> Mapping[str, str]:
        """Parameters as people read them; the hash of their canonical JSON is written beside a model change."""

    @property
    def runtime(self) -> str:
        """Scoring engine and version, such as `numba 0.68.1`."""

    @property
    def state_size(self) -> int:
        """Floats of state per sensor; 0 when each row is judged alone."""

    def fresh(self, *, machine_id: str, sensor_id: str) -> FloatArray:
        """Return the state of a sensor that has shown nothing yet: float64 array (state_size,)."""

    def score(self, batch: Batch, states: FloatArray) -> tuple[Verdicts, FloatArray]:
        """Judge every row of `batch` in order.

        `states` is float64 (sensors, state_size) and is left as it was; the states after the last row are returned.
        A gap of over 20 expected intervals between two rows of a sensor begins a new stretch of it: nothing is judged
        until the detector has settled again.
        """

    def explain(self, batch: Batch, states: FloatArray, *, rows: IntArray, kinds: IntArray) -> Explanations:
        """Say why `rows` of `batch` got their ratios.

        Takes the same `batch` and the same `states` (those before it) as `score`; `kinds[i]` is the column of the kind
        to explain for `rows[i]`. Called for abnormal rows only, so it may be slower than `score`.
        """
