"""Train on some rows, judge others: the panel and the forest beside it, as the product runs them, without the log."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from domain.incident_rule import JudgedReading, MachineWatch, Opens, Quiet, is_idle, watch
from domain.profiles import ProfileDefined
from domain.readings import moment_of
from ml.artifact import pack, unpack
from ml.detector import Batch, BoolArray, FloatArray, IntArray
from ml.panel.detector import PanelDetector, from_artifact
from ml.panel.options import SHARPER_KINDS, WRITTEN_ONLY
from ml.panel.trainer import PanelTrainer
from ml.training.trainer import TrainingRows

SECOND_US = 1_000_000
VOTING = tuple(kind for kind in SHARPER_KINDS if kind not in WRITTEN_ONLY)
"""The panel's kinds that make a reading abnormal: the first columns of every matrix of ratios."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Readings of one sensor, one machine: values float64 (n, c), recorded_at_us int64 (n,)."""

    machine: str
    values: FloatArray
    recorded_at_us: IntArray

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, first: int, after: int | None = None) -> "Stretch":
        """Return the rows from `first` to below `after`."""
        chosen = slice(first, after)
        return Stretch(machine=self.machine, values=self.values[chosen], recorded_at_us=self.recorded_at_us[chosen])


def every_second(machine: str, values: FloatArray, *, first: int = 0) -> Stretch:
    """Return readings a second apart, from second `first` on."""
    times = (first + np.arange(len(values), dtype=np.int64)) * SECOND_US
    return Stretch(machine=machine, values=values, recorded_at_us=times)


def trained(stretches: Sequence[Stretch], profile: ProfileDefined) -> PanelDetector:
    """Return the panel of a profile, from its bytes as the scorer would load it."""
    counts = [len(stretch) for stretch in stretches]
    rows = TrainingRows(
        values=np.concatenate([stretch.values for stretch in stretches]),
        recorded_at_us=np.concatenate([stretch.recorded_at_us for stretch in stretches]),
        partitions=np.zeros(sum(counts), np.int64),
        offsets=np.arange(sum(counts), dtype=np.int64),
        sensors=np.repeat(np.arange(len(stretches)), counts),
        sensor_names=tuple((stretch.machine, stretch.machine) for stretch in stretches),
    )
    return from_artifact(unpack(pack(PanelTrainer().fit(rows, profile).artifact)))


def ratios(detector: PanelDetector, stretch: Stretch) -> FloatArray:
    """Return every kind's ratios: float64 (n, 9), the panel's eight and the forest's; NaN where not judged."""
    state = detector.fresh(machine_id=stretch.machine, sensor_id=stretch.machine)[np.newaxis]
    batch = Batch(
        values=stretch.values,
        recorded_at_us=stretch.recorded_at_us,
        sensors=np.zeros(len(stretch.values), np.int64),
    )
    return detector.score(batch, state)[0].ratios


def panel_part(judged: FloatArray) -> FloatArray:
    """Return the columns of the kinds that make a reading abnormal."""
    return judged[:, : len(VOTING)]


def forest_part(judged: FloatArray) -> FloatArray:
    """Return the forest's column, (n, 1)."""
    return judged[:, len(SHARPER_KINDS) :]


def abnormal(judged: FloatArray) -> BoolArray:
    """Return which rows are abnormal: bool (n,)."""
    return np.asarray((np.nan_to_num(judged, nan=0.0) > 1).any(axis=1))


def incidents(judged: FloatArray, stretch: Stretch) -> int:
    """Return how many incidents the rule opens; `judged` (n, k), columns as VOTING or the forest alone."""
    kinds = VOTING if judged.shape[1] == len(VOTING) else ("isolation_forest",)
    above = np.nan_to_num(judged, nan=0.0) > 1
    busy = np.isfinite(judged).any(axis=1)
    state: MachineWatch = Quiet()
    opened = 0
    for row in np.flatnonzero(busy):
        scores = {kinds[kind]: float(judged[row, kind]) for kind in np.flatnonzero(above[row])}
        if not scores and is_idle(state):
            continue
        at = moment_of(int(stretch.recorded_at_us[row]))
        steps, state = watch(state, JudgedReading(sensor_id=stretch.machine, recorded_at=at, scores=scores))
        opened += sum(isinstance(step, Opens) for step in steps)
    return opened
