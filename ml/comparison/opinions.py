"""What two models say of the same readings, row beside row.

A reading's score is the largest ratio among the kinds that vote; kinds that are only written down have no say here, as
they have none in judging.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.detector import BoolArray, FloatArray, IntArray
from ml.scoring.judge import Judgement
from schemas.readings import Readings

UNKNOWN: Final = -1
"""`truth` where the reading carries no label."""

HEALTHY: Final = 0
FAULTY: Final = 1

UNLABELLED_NAME: Final = "unlabelled"
HEALTHY_NAME: Final = "healthy"
UNNAMED_FAULT: Final = "fault"
"""Label of a reading whose ground truth says abnormal, and not of what type."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """One model's word on n readings.

    kinds: names of the k voting kinds. ratios: float64 (n, k). scores: float64 (n,), the largest ratio, NaN where not
    judged. judged, abnormal: bool (n,). leading: int64 (n,), kind of the largest ratio, -1 where not abnormal.
    """

    kinds: tuple[str, ...]
    ratios: FloatArray
    scores: FloatArray
    judged: BoolArray
    abnormal: BoolArray
    leading: IntArray


@dataclass(frozen=True, slots=True)
class ComparedRows:
    """Readings of one partition in log order, with both opinions of them.

    machines, sensors, labels: int64 (n,), places in the names beside them. truth: int8 (n,).
    """

    partition: int
    offsets: IntArray
    recorded_at_us: IntArray
    machines: IntArray
    machine_names: Sequence[str]
    sensors: IntArray
    sensor_names: Sequence[str]
    truth: NDArray[np.int8]
    labels: IntArray
    label_names: Sequence[str]
    champion: Opinion
    challenger: Opinion

    def __len__(self) -> int:
        return len(self.offsets)

    @property
    def healthy(self) -> BoolArray:
        """Rows that count as healthy: ground truth says so, or there is none and the champion judged them normal."""
        unlabelled = self.truth == UNKNOWN
        called_normal = self.champion.judged & ~self.champion.abnormal
        return np.asarray((self.truth == HEALTHY) | (unlabelled & called_normal))

    @property
    def gained(self) -> BoolArray:
        """Rows that only the challenger calls abnormal."""
        return np.asarray(self.challenger.abnormal & ~self.champion.abnormal)

    @property
    def lost(self) -> BoolArray:
        """Rows that only the champion calls abnormal."""
        return np.asarray(self.champion.abnormal & ~self.challenger.abnormal)


def compared_rows(
    readings: Readings, champion: Judgement, challenger: Judgement, *, bounds_us: tuple[int | None, int | None]
) -> ComparedRows | None:
    """Return the rows that both judgements speak of and that were recorded within `bounds_us`; None when none were.

    Which readings are in order is decided before any model is asked, so both speak of the same rows.
    """
    if not champion.profiles:
        return None
    rows = champion.profiles[0].rows
    since, before = bounds_us
    inside = np.ones(len(rows), np.bool_)
    if since is not None:
        inside &= readings.recorded_at_us[rows] >= since
    if before is not None:
        inside &= readings.recorded_at_us[rows] < before
    if not inside.any():
        return None
    rows = rows[inside]
    columns = readings.columns.take(rows)
    machines = columns.column("machine_id").dictionary_encode()
    sensors = columns.column("sensor_id").dictionary_encode()
    truth, labels, label_names = _labels(columns)
    return ComparedRows(
        partition=readings.partition,
        offsets=readings.offsets[rows],
        recorded_at_us=readings.recorded_at_us[rows],
        machines=machines.indices.to_numpy().astype(np.int64),
        machine_names=machines.dictionary.to_pylist(),
        sensors=sensors.indices.to_numpy().astype(np.int64),
        sensor_names=sensors.dictionary.to_pylist(),
        truth=truth,
        labels=labels,
        label_names=label_names,
        champion=_opinion(champion, inside),
        challenger=_opinion(challenger, inside),
    )


def _opinion(judgement: Judgement, inside: BoolArray) -> Opinion:
    (said,) = judgement.profiles
    detector = said.loaded.detector
    voting = np.array(detector.votes)
    ratios = said.verdicts.ratios[inside][:, voting]
    filled = np.nan_to_num(ratios, nan=-np.inf)
    largest = filled.max(axis=1)
    abnormal = largest > 1
    return Opinion(
        kinds=tuple(kind for kind, votes in zip(detector.kinds, detector.votes, strict=True) if votes),
        ratios=ratios,
        scores=np.where(np.isneginf(largest), np.nan, largest),
        judged=~np.isneginf(largest),
        abnormal=abnormal,
        leading=np.where(abnormal, filled.argmax(axis=1), -1),
    )


def _labels(columns: object) -> tuple[NDArray[np.int8], IntArray, Sequence[str]]:
    injected = columns.column("anomaly_injected").to_pylist()  # type: ignore[attr-defined]
    types = columns.column("anomaly_type").to_pylist()  # type: ignore[attr-defined]
    truth = np.array([UNKNOWN if said is None else int(said) for said in injected], np.int8)
    names: dict[str, int] = {}
    labels = np.empty(len(truth), np.int64)
    for row, (said, kind) in enumerate(zip(injected, types, strict=True)):
        name = UNLABELLED_NAME if said is None else (kind or UNNAMED_FAULT) if said else HEALTHY_NAME
        labels[row] = names.setdefault(name, len(names))
    return truth, labels, tuple(names)
