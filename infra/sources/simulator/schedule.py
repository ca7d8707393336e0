"""How a machine is run: loads held for a while, stops, and ramps between them. None of it is a fault."""

from dataclasses import dataclass

import numpy as np

from infra.sources.simulator.signals import Signal

SHORTEST_DWELL = 240
STEEPEST_RAMP = 0.04
"""Largest change of load in one tick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A block of running.

    load: float64 array (n_ticks,), share of the full load. starts: ticks since the simulation began at which the
    machine was switched on again, earlier blocks' included; steps: those at which another load was asked for.
    """

    load: Signal
    starts: tuple[int, ...]
    steps: tuple[int, ...]


class Schedule:
    """Draws how one machine is run, block after block."""

    def __init__(self, levels: Signal, mean_dwell: float) -> None:
        self._levels = levels
        self._mean_dwell = mean_dwell
        self._held = 0.0
        self._next: float | None = None
        self._left = 0
        self._load: float | None = None
        self._tick = 0
        self._starts: tuple[int, ...] = ()

    def __call__(self, rng: np.random.Generator, ticks: int, *, stops: int) -> Operation:
        """Return the next block; `stops` is how often the machine stands still in it."""
        target, steps = self._held_loads(rng, ticks)
        for _ in range(stops):
            # Late enough to have settled, early enough to be started again within the block.
            off = int(rng.integers(600, max(601, ticks - 4200)))
            on = off + int(rng.integers(600, 2400))
            target[off:on] = 0
            self._starts += (self._tick + on,)
        load = self._ramped(target)
        operation = Operation(load=load, starts=self._starts, steps=tuple(self._tick + step for step in steps))
        self._tick += ticks
        return operation

    def _held_loads(self, rng: np.random.Generator, ticks: int) -> tuple[Signal, list[int]]:
        target = np.empty(ticks)
        steps: list[int] = []
        upcoming = float(rng.choice(self._levels)) if self._next is None else self._next
        at = min(self._left, ticks)
        target[:at] = self._held
        self._left -= at
        while at < ticks:
            dwell = int(max(SHORTEST_DWELL, rng.exponential(self._mean_dwell)))
            target[at : at + dwell] = self._held = upcoming
            if self._tick + at:
                steps.append(at)
            upcoming = float(rng.choice(self._levels[self._levels != upcoming]))
            self._left = max(0, at + dwell - ticks)
            at += dwell
        self._next = upcoming
        return target, steps

    def _ramped(self, target: Signal) -> Signal:
        load = float(target[0]) if self._load is None else self._load
        ramped = []
        for wanted in target.tolist():
            load += min(STEEPEST_RAMP, max(-STEEPEST_RAMP, wanted - load))
            ramped.append(load)
        self._load = load
        return np.array(ramped)
