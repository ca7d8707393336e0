"""Labelled faults: what they are, when they act, and those that sit in the sensor rather than in the machine."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from infra.sources.simulator.signals import Signal


class FaultKind(StrEnum):
    """Ways of failing; the value is the label in `anomaly_type`."""

    SPIKE = "spike"
    SHIFT = "shift"
    DRIFT = "drift"
    NOISE = "noise"
    STUCK = "stuck"
    SILENT = "silent"
    BEARING = "bearing"
    IMBALANCE = "imbalance"
    CAVITATION = "cavitation"


MACHINE_FAULTS: Final = frozenset({FaultKind.BEARING, FaultKind.IMBALANCE, FaultKind.CAVITATION})
"""Faults of the machine, which all its sensors feel; the others sit in one sensor's channel."""


@dataclass(frozen=True, slots=True)
class FaultShape:
    """A kind's usual size, how many ticks it takes to develop and how long it lasts.

    Size is a multiple of the channel's fast noise (spike, shift, drift, noise) or a share of the healthy value.
    """

    size: float
    over: int
    lasts: int | None


SHAPES: Final[Mapping[FaultKind, FaultShape]] = MappingProxyType(
    {
        FaultKind.SPIKE: FaultShape(15, 0, 1),
        FaultKind.SHIFT: FaultShape(8, 0, 600),
        FaultKind.DRIFT: FaultShape(25, 4 * 3600, 4 * 3600),
        FaultKind.NOISE: FaultShape(5, 0, 900),
        FaultKind.STUCK: FaultShape(1, 0, 1800),
        FaultKind.SILENT: FaultShape(1, 0, 600),
        FaultKind.BEARING: FaultShape(1.5, 3600, None),
        FaultKind.IMBALANCE: FaultShape(0.5, 60, None),
        FaultKind.CAVITATION: FaultShape(2.5, 120, None),
    }
)
"""Each kind as it comes when nothing is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault of one machine, from tick `at` up to but not including `end` (None: it stays).

    `sensor` and `channel` are indices and belong to a fault of a sensor; `over` is the ticks until it is fully there.
    """

    kind: FaultKind
    at: int
    end: int | None
    size: float
    over: int
    sensor: int = 0
    channel: int = 0

    def growth(self, first_tick: int, ticks: int) -> Signal:
        """Return how far the fault has developed in each tick of a block, 0 to 1; float64 array (ticks,)."""
        age = np.arange(first_tick, first_tick + ticks) - self.at
        grown = np.clip(age / self.over, 0, 1) if self.over else (age >= 0).astype(np.float64)
        return np.asarray(grown * self.acts(first_tick, ticks))

    def acts(self, first_tick: int, ticks: int) -> NDArray[np.bool_]:
        """Return the ticks of a block in which the fault is there; bool array (ticks,)."""
        tick = np.arange(first_tick, first_tick + ticks)
        return np.asarray((tick >= self.at) & (tick < (self.end if self.end is not None else tick[-1] + 1)))

    def noise(self, seed: Sequence[int], first_tick: int, ticks: int) -> Signal:
        """Return noise that belongs to this fault alone, so that the same machine without it is the same machine."""
        return np.random.default_rng([17, *seed, self.at, first_tick]).normal(size=ticks)


def felt_by(faults: Sequence[Fault], sensor: int) -> tuple[Fault, ...]:
    """Return the faults that act on the machine's sensor of this index."""
    return tuple(fault for fault in faults if fault.kind in MACHINE_FAULTS or fault.sensor == sensor)


def of_kind(faults: Sequence[Fault], *kinds: FaultKind) -> Iterator[Fault]:
    """Yield the faults of these kinds."""
    return (fault for fault in faults if fault.kind in kinds)


def add_sensor_faults(
    values: NDArray[np.float64],
    faults: Sequence[Fault],
    noise: Signal,
    *,
    first_tick: int,
    seed: Sequence[int],
) -> None:
    """Add spikes, shifts, drifts and noise to `values`, float64 array (n_ticks, n_channels), in place.

    noise: float64 array (n_channels,), the fast noise of each channel, in its unit.
    """
    ticks = len(values)
    for fault in of_kind(faults, FaultKind.SPIKE, FaultKind.SHIFT, FaultKind.DRIFT, FaultKind.NOISE):
        change = fault.size * noise[fault.channel] * fault.growth(first_tick, ticks)
        if fault.kind is FaultKind.NOISE:
            change *= fault.noise(seed, first_tick, ticks)
        values[:, fault.channel] += change


def hold_stuck(
    values: NDArray[np.float64], faults: Sequence[Fault], *, first_tick: int, before: NDArray[np.float64]
) -> None:
    """Freeze the stuck channels of `values` in place at what they said last; `before` is the row before the block."""
    for fault in of_kind(faults, FaultKind.STUCK):
        acts = fault.acts(first_tick, len(values))
        if acts.any():
            last = int(np.argmax(acts)) - 1
            values[acts, fault.channel] = values[last, fault.channel] if last >= 0 else before[fault.channel]
