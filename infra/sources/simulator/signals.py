"""The filters every simulated quantity is made of; each remembers where it stopped, so that blocks join seamlessly."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float64]
"""One quantity over time: float64 array (n_ticks,)."""


class Lag:
    """First-order lag: the answer of something with inertia, settled at its first input."""

    def __init__(self, ticks: float) -> None:
        self._weight = 1 - np.exp(-1 / ticks)
        self._state: Signal | None = None

    def __call__(self, signal: Signal) -> Signal:
        """Return the lagged signal of the next block."""
        if self._state is None:
            self._state = np.array([(1 - self._weight) * signal[0]])
        lagged, self._state = _filtered(signal, [self._weight], [1, self._weight - 1], self._state)
        return lagged


class CorrelatedNoise:
    """Stationary AR(1) noise: each value keeps `memory` of the one before; `deviation` is of the whole process."""

    def __init__(self, memory: float, deviation: float) -> None:
        self._memory = memory
        self._deviation = deviation
        self._state: Signal | None = None

    def __call__(self, rng: np.random.Generator, ticks: int) -> Signal:
        """Return the next block of noise."""
        shocks = rng.normal(size=ticks) * self._deviation * np.sqrt(1 - self._memory * self._memory)
        if self._state is None:
            # Starts in its stationary distribution instead of at zero.
            shocks[0] = rng.normal() * self._deviation
            self._state = np.zeros(1)
        noise, self._state = _filtered(shocks, [1], [1, -self._memory], self._state)
        return noise


class WhiteNoise:
    """Noise without memory: of a sensor whose own noise is all there is."""

    def __init__(self, deviation: float) -> None:
        self._deviation = deviation

    def __call__(self, rng: np.random.Generator, ticks: int) -> Signal:
        """Return the next block of noise."""
        return rng.normal(size=ticks) * self._deviation


def _filtered(
    signal: Signal, numerator: Sequence[float], denominator: Sequence[float], state: Signal
) -> tuple[Signal, Signal]:
    """Return what a linear filter answers to the next block, and its state after that."""
    from scipy.signal import lfilter  # noqa: PLC0415 - slow, and whoever names a fault only reads of it

    answer, after = lfilter(numerator, denominator, signal, zi=state)
    return np.asarray(answer), np.asarray(after)
