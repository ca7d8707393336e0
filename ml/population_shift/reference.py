"""How the training rows were spread, block of time by block of time: what a live stream is held against later.

Kept in the artifact as plain counts, so that who measures drift needs the model and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.artifact import Artifact
from ml.detector import FloatArray, IntArray

BINS: Final = 10
"""Of equal share among the training rows; one more counts what was not measured. Ten is the index's usual number."""

MOST_BLOCKS: Final = 60
LEAST_BLOCKS: Final = 8
SHORTEST_BLOCK_S: Final = 60.0
"""Blocks of a minute for an hour of training; longer ones for longer training."""

EDGES: Final = "drift_edges"
COUNTS: Final = "drift_counts"
BLOCK_S: Final = "drift_block_s"


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReference:
    """Counts of the training rows. signals: channels, then kinds of score.

    edges: float64 (signals, BINS − 1), ascending; a value belongs to the bin of as many edges as do not exceed it.
    counts: int64 (blocks, signals, BINS + 1), in order of time; the last bin counts what was not measured.
    """

    channels: tuple[str, ...]
    kinds: tuple[str, ...]
    edges: FloatArray
    counts: IntArray
    block_s: float

    @property
    def signals(self) -> tuple[str, ...]:
        """Return the names in the order of the arrays' signals."""
        return (*self.channels, *self.kinds)


def with_reference(artifact: Artifact, *, values: FloatArray, ratios: FloatArray, recorded_at_us: IntArray) -> Artifact:
    """Return the artifact with the reference added.

    values: float64 (n, c); ratios: float64 (n, k), NaN where not judged; recorded_at_us: int64 (n,).
    """
    edges, counts, block_s = _counted(values, ratios, recorded_at_us)
    extra = {EDGES: edges, COUNTS: counts, BLOCK_S: np.array([block_s])}
    return Artifact(header=artifact.header, arrays={**artifact.arrays, **extra})


def reference_of(artifact: Artifact, *, channels: Sequence[str], kinds: Sequence[str]) -> DriftReference | None:
    """Return the reference that an artifact carries; None: it was trained by a version that kept none."""
    arrays = artifact.arrays
    if not {EDGES, COUNTS, BLOCK_S} <= set(arrays):
        return None
    return DriftReference(
        channels=tuple(channels),
        kinds=tuple(kinds),
        edges=np.asarray(arrays[EDGES], np.float64),
        counts=np.asarray(arrays[COUNTS], np.int64),
        block_s=float(arrays[BLOCK_S][0]),
    )


def counts_of(edges: FloatArray, values: FloatArray, *, count_missing: bool) -> IntArray:
    """Return how many of `values` (n,) fall into each bin of one signal: int64 (BINS + 1,)."""
    missing = np.isnan(values)
    counts = np.zeros(BINS + 1, np.int64)
    counts[:BINS] = np.bincount(np.searchsorted(edges, values[~missing], side="right"), minlength=BINS)
    counts[BINS] = int(missing.sum()) if count_missing else 0
    return counts


def _counted(values: FloatArray, ratios: FloatArray, recorded_at_us: IntArray) -> tuple[FloatArray, IntArray, float]:
    channels = values.shape[1]
    signals = np.concatenate([values, ratios], axis=1)
    shares = np.arange(1, BINS) / BINS
    edges = np.stack([_quantiles(column, shares) for column in signals.T])
    begins = int(recorded_at_us.min())
    span_s = max((int(recorded_at_us.max()) - begins) / 1e6, 1.0)
    blocks = int(np.clip(span_s // SHORTEST_BLOCK_S, LEAST_BLOCKS, MOST_BLOCKS))
    block_s = span_s / blocks
    place = np.minimum(((recorded_at_us - begins) / 1e6 / block_s).astype(np.int64), blocks - 1)
    counts = np.stack(
        [
            np.stack(
                [
                    counts_of(edges[signal], signals[place == block, signal], count_missing=signal < channels)
                    for signal in range(signals.shape[1])
                ]
            )
            for block in np.unique(place)  # a block in which nothing was recorded is no evidence
        ]
    )
    return edges, counts, block_s


def _quantiles(column: FloatArray, shares: FloatArray) -> FloatArray:
    measured = column[~np.isnan(column)]
    return np.quantile(measured, shares) if len(measured) else np.zeros(len(shares))
