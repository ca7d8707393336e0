"""What a machine's sensors share: the air around it, the load it is run at, what its process asks of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from infra.sources.simulator.parameters import Environment, Parameters, Site
from infra.sources.simulator.schedule import Schedule
from infra.sources.simulator.signals import CorrelatedNoise, Signal

_RUNNING_ABOVE = 0.05
_INRUSH_TICKS = 30
_DAY_S = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationBlock:
    """A block of a machine's life; arrays are float64 (n_ticks,).

    load: share of the full load; demand: how much more than usual the process asks; inrush: 1 when switched on,
    dying away.
    """

    first_tick: int
    ambient_celsius: Signal
    load: Signal
    running: NDArray[np.bool_]
    demand: Signal
    inrush: Signal

    @property
    def ticks(self) -> int:
        """Length of the block."""
        return len(self.ambient_celsius)


class OperationSource:
    """Draws one machine's operation, block after block. A room has weather only."""

    def __init__(self, machine: Parameters, *, first_second: int, hot_days: Sequence[int]) -> None:
        self._tick = 0
        self._first_second = first_second
        self._hot_days = hot_days
        self._site: Site = machine.site
        self._weather = CorrelatedNoise(1 - 1 / 7200, 0.4)
        self._schedule = (
            None if isinstance(machine, Environment) else Schedule(machine.site.levels, machine.mean_dwell_s)
        )
        self._slow_demand = CorrelatedNoise(1 - 1 / 600, 0.012)
        self._fast_demand = CorrelatedNoise(0.9, 0.004)

    def __call__(self, rng: np.random.Generator, ticks: int, *, stops: int) -> OperationBlock:
        """Return the next block."""
        first_tick, self._tick = self._tick, self._tick + ticks
        ambient = self._ambient(rng, first_tick, ticks)
        if self._schedule is None:
            still = np.zeros(ticks)
            return OperationBlock(
                first_tick=first_tick,
                ambient_celsius=ambient,
                load=still,
                running=np.ones(ticks, dtype=bool),
                demand=still,
                inrush=still,
            )
        operation = self._schedule(rng, ticks, stops=stops)
        demand = self._slow_demand(rng, ticks) + self._fast_demand(rng, ticks)
        return OperationBlock(
            first_tick=first_tick,
            ambient_celsius=ambient,
            load=operation.load,
            running=operation.load > _RUNNING_ABOVE,
            demand=demand,
            inrush=_inrush(operation.starts, first_tick, ticks),
        )

    def _ambient(self, rng: np.random.Generator, first_tick: int, ticks: int) -> Signal:
        hours = (self._first_second + np.arange(first_tick, first_tick + ticks)) * 24 / _DAY_S
        ambient = (
            self._site.ambient_celsius
            + self._site.daily_swing_celsius * np.sin(2 * np.pi * (hours - 9) / 24)
            + self._weather(rng, ticks)
        )
        for day in self._hot_days:
            ambient = ambient + 6 * np.exp(-0.5 * ((hours - 24 * day - 15.5) / 1.4) ** 2)
        return np.asarray(ambient)


def _inrush(starts: Sequence[int], first_tick: int, ticks: int) -> Signal:
    inrush = np.zeros(ticks)
    for start in starts:
        age = np.arange(first_tick, first_tick + ticks) - start
        inrush += np.where((age >= 0) & (age < _INRUSH_TICKS), np.exp(-np.maximum(age, 0) / 2.0), 0)
    return inrush
