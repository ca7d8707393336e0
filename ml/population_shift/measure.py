"""A window of the live stream against a model's training set, signal by signal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.detector import IntArray
from ml.population_shift.band import null_band
from ml.population_shift.reference import DriftReference
from ml.population_shift.stability import stability_index

LEAST_INDEX: Final = 0.1
"""Below it nothing is said to have changed, however narrow the band: with many readings every trifle is real. Source:
Siddiqi (2006), chapter 9: under .1 no significant change, above .25 a large one."""

LEAST_READINGS: Final = 100
"""Ten in each bin; fewer say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalDrift:
    """One signal: its index, the upper end of what it may be, and how many readings it comes from; 0 of none."""

    name: str
    index: float
    usual_up_to: float
    readings: int

    @property
    def enough(self) -> bool:
        """Return whether its readings are enough to say anything."""
        return self.readings >= LEAST_READINGS

    @property
    def outside(self) -> bool:
        """Return whether it left the band."""
        return self.enough and self.index > self.usual_up_to


def measure(reference: DriftReference, live: IntArray, *, window_s: float) -> Sequence[SignalDrift]:
    """Return the drift of every signal, in the reference's order.

    live: int64 (signals, BINS + 1), counted with the reference's edges over `window_s` seconds.
    """
    readings = live.sum(axis=1)
    # A model that has judged for a part of the window only is held against windows as short as that part.
    judged = readings / max(int(readings[: len(reference.channels)].max(initial=0)), 1)
    blocks = np.maximum(1, np.ceil(np.minimum(judged, 1.0) * window_s / reference.block_s - 1e-9)).astype(np.int64)
    band = np.maximum(null_band(reference.counts, live_blocks=blocks, live_readings=readings), LEAST_INDEX)
    indices = np.where(readings > 0, stability_index(reference.counts.sum(axis=0), live), 0.0)
    return [
        SignalDrift(name=name, index=float(index), usual_up_to=float(usual), readings=int(count))
        for name, index, usual, count in zip(reference.signals, indices, band, readings, strict=True)
    ]
