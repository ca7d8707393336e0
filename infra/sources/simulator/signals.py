"""The filters every simulated quantity is made of; each remembers where it stopped, so that blocks join seamlessly."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

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
        lagged, self._state = lfilter([self._weight], [1, self._weight - 1], signal, zi=self._state)
        return np.asarray(lagged)


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
        noise, self._state = lfilter([1], [1, -self._memory], shocks, zi=self._state)
        return np.asarray(noise)


class WhiteNoise:
    """Noise without memory: of a sensor whose own noise is all there is."""

    def __init__(self, deviation: float) -> None:
        self._deviation = deviation

    def __call__(self, rng: np.random.Generator, ticks: int) -> Signal:
        """Return the next block of noise."""
        return rng.normal(size=ticks) * self._deviation
