"""An isolation forest that judges each reading by itself: no state, one kind.

Its score is scikit-learn's −score_samples; divided by a threshold taken from the training rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.artifact import Artifact, NotAnArtifact
from ml.detector import Batch, BoolArray, Explanations, FloatArray, IntArray, Verdicts
from ml.isolation_forest.kernel import RUNTIME, anomaly_scores, path_lengths
from ml.isolation_forest.trees import Trees

KIND: Final = "isolation_forest"


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolationForestDetector:
    """A fitted forest with all that judging needs; a Detector.

    medians: float64 array (c,), the training rows' median per channel: what the forest expects.
    threshold: raw score at which the ratio is 1; `rule` says where it comes from.
    """

    channels: tuple[str, ...]
    trees: Trees
    medians: FloatArray
    threshold: float
    rule: str
    parameters: Mapping[str, str]
    kinds: tuple[str, ...] = (KIND,)
    votes: tuple[bool, ...] = (True,)
    runtime: str = RUNTIME
    state_size: int = 0

    def fresh(self, *, machine_id: str, sensor_id: str) -> FloatArray:  # noqa: ARG002 - all sensors are alike
        """Return the empty state: a forest remembers nothing."""
        return np.empty(0)

    def score(self, batch: Batch, states: FloatArray) -> tuple[Verdicts, FloatArray]:
        """Judge every row by itself; a row that lacks a channel is not judged."""
        raw = self.raw_scores(batch.values)
        unjudged: BoolArray = np.logical_or.reduce(np.isnan(batch.values), axis=1)
        raw[unjudged] = np.nan
        raw = raw[:, np.newaxis]
        return Verdicts(ratios=raw / self.threshold, raw=raw, unjudged=unjudged), states

    def raw_scores(self, values: FloatArray) -> FloatArray:
        """Return −score_samples of complete rows: float64 array (n,)."""
        return raw_scores(self.trees, values)

    def explain(self, batch: Batch, states: FloatArray, *, rows: IntArray, kinds: IntArray) -> Explanations:  # noqa: ARG002
        """Return the training medians, and per channel how far the score falls when it is set to its median.

        A positive contribution means that the channel's value makes the row more abnormal.
        """
        values = batch.values[rows]
        count, channels = values.shape
        # Row block j has channel j at its median; the last block is the rows as they are.
        changed = np.repeat(values[np.newaxis], channels + 1, axis=0)
        for channel in range(channels):
            changed[channel, :, channel] = self.medians[channel]
        scores = self.raw_scores(changed.reshape(-1, channels)).reshape(channels + 1, count)
        return Explanations(
            expected=np.broadcast_to(self.medians, (count, channels)).copy(),
            contribution=np.ascontiguousarray((scores[-1] - scores[:-1]).T),
        )


def raw_scores(trees: Trees, values: FloatArray) -> FloatArray:
    """Return −score_samples of `values` (n, c): float64 array (n,).

    Values are rounded to float32 first, as scikit-learn does, so that a row takes the same way through every tree.
    """
    lengths = path_lengths(as_float32(values), trees.channel, trees.split, trees.path, trees.depth)
    scores: FloatArray = anomaly_scores(lengths, trees.normal)
    return scores


def as_float32(values: FloatArray) -> npt.NDArray[np.float32]:
    """Return `values` as float32 (n, c), C-ordered; what is beyond its range becomes an infinity, without complaint."""
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(values, dtype=np.float32)


def to_artifact(detector: IsolationForestDetector) -> Artifact:
    """Return the model in a form that `from_artifact` reads back whole."""
    return Artifact(
        header={
            "detector": KIND,
            "channels": list(detector.channels),
            "normal": detector.trees.normal,
            "threshold": detector.threshold,
            "rule": detector.rule,
            "parameters": dict(detector.parameters),
        },
        arrays={
            "channel": detector.trees.channel,
            "split": detector.trees.split,
            "path": detector.trees.path,
            "medians": detector.medians,
        },
    )


def from_artifact(artifact: Artifact) -> IsolationForestDetector:
    """Return the detector that `artifact` holds.

    Raises:
        NotAnArtifact: it holds something else, or its arrays don't fit together.
    """
    header, arrays = artifact.header, artifact.arrays
    try:
        if header["detector"] != KIND:
            raise NotAnArtifact(f"the model is a {header['detector']}, not an {KIND}")
        trees = Trees(
            channel=arrays["channel"], split=arrays["split"], path=arrays["path"], normal=float(str(header["normal"]))
        )
        channels, parameters, rule = header["channels"], header["parameters"], header["rule"]
        threshold = float(str(header["threshold"]))
        medians = arrays["medians"]
    except KeyError as error:
        raise NotAnArtifact(f"the model lacks {error}") from error
    if not (isinstance(channels, list) and isinstance(parameters, dict)):
        raise NotAnArtifact("the model's channels and parameters are not as they should be")
    _check(trees, medians, channels=len(channels))
    return IsolationForestDetector(
        channels=tuple(str(channel) for channel in channels),
        trees=trees,
        medians=medians,
        threshold=threshold,
        rule=str(rule),
        parameters={name: str(value) for name, value in parameters.items()},
    )


def _check(trees: Trees, medians: FloatArray, *, channels: int) -> None:
    """Refuse arrays that would send the compiled walk outside them: it checks no bounds."""
    count, leaves = trees.path.shape
    if (
        leaves != 1 << trees.depth
        or trees.channel.shape != (count, leaves - 1)
        or trees.split.shape != (count, leaves - 1)
        or medians.shape != (channels,)
        or (trees.channel.size and not 0 <= int(trees.channel.min()) <= int(trees.channel.max()) < channels)
        or [array.dtype.str for array in (trees.channel, trees.split, trees.path)] != ["|i1", "<f4", "<f8"]
    ):
        raise NotAnArtifact("the model's arrays don't fit together")
