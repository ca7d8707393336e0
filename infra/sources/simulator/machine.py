"""One simulated machine: its operation, and what each of its sensors reads; block after block, for as long as wanted.

Everything follows from the seeds: the same machine, faults and blocks give the same values to the bit, and a fault
changes nothing before its onset. Nothing here knows the time of day that readings are stamped with.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from infra.sources.simulator.faults import Fault, FaultKind, add_sensor_faults, felt_by, hold_stuck, of_kind
from infra.sources.simulator.operation import OperationBlock, OperationSource
from infra.sources.simulator.parameters import Environment, Parameters, draw_parameters
from infra.sources.simulator.profiles import QUANTUM, SIMULATED
from infra.sources.simulator.room import RoomSensor
from infra.sources.simulator.rotating import RotatingSensor


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorBlock:
    """What one sensor read in a block of ticks.

    values: float64 array (n_ticks, n_channels), channels in the profile's order.
    fault: the kind acting in each tick, "" for none; object array (n_ticks,).
    heard: bool array (n_ticks,), false where the sensor was silent.
    """

    values: NDArray[np.float64]
    fault: NDArray[np.object_]
    heard: NDArray[np.bool_]


class Machine:
    """One machine of a kind, with as many sensors as wanted. The first sensor's draws continue the machine's own."""

    def __init__(
        self,
        kind: str,
        seed: int,
        *,
        run_seed: int,
        sensors: int = 1,
        first_second: int = 0,
        hot_days: Sequence[int] = (),
        faults: Sequence[Fault] = (),
    ) -> None:
        """Stand the machine up; `seed` says which machine it is, `run_seed` which stretch of its life.

        first_second: second of simulated day 0 at tick 0; hot_days: days with a hot afternoon.
        """
        own = draw_parameters(kind, seed)
        self._rng = np.random.default_rng([11, run_seed])
        self._operation = OperationSource(own, first_second=first_second, hot_days=hot_days)
        self._sensors = [
            _Sensor(
                kind,
                own if index == 0 else _elsewhere(own, draw_parameters(kind, seed, index)),
                self._rng if index == 0 else np.random.default_rng([11, run_seed, index]),
                seed=(run_seed, index),
                faults=felt_by(faults, index),
            )
            for index in range(sensors)
        ]

    def advance(self, ticks: int, *, stops: int = 0) -> tuple[SensorBlock, ...]:
        """Return the next block of every sensor; the machine stands still `stops` times in it."""
        operation = self._operation(self._rng, ticks, stops=stops)
        return tuple(sensor.read(operation) for sensor in self._sensors)


def _elsewhere(machine: Parameters, other: Parameters) -> Parameters:
    """Return the parameters of a second sensor: another spot, the same site."""
    return replace(other, site=machine.site)


class _Sensor:
    def __init__(
        self,
        kind: str,
        parameters: Parameters,
        rng: np.random.Generator,
        *,
        seed: Sequence[int],
        faults: Sequence[Fault],
    ) -> None:
        self._channels = tuple(channel.name for channel in SIMULATED[kind])
        self._rng = rng
        self._seed = seed
        self._faults = faults
        self._physics = (
            RoomSensor(parameters, faults, seed)
            if isinstance(parameters, Environment)
            else RotatingSensor(parameters, faults, seed)
        )
        self._noise = np.array([self._physics.noise[channel] for channel in self._channels])
        self._before = np.zeros(len(self._channels))

    def read(self, operation: OperationBlock) -> SensorBlock:
        quantities = self._physics(self._rng, operation)
        values = np.column_stack([quantities[channel] for channel in self._channels])
        first_tick, ticks = operation.first_tick, operation.ticks
        add_sensor_faults(values, self._faults, self._noise, first_tick=first_tick, seed=self._seed)
        for column, channel in enumerate(self._channels):
            values[:, column] = np.round(values[:, column] / QUANTUM[channel]) * QUANTUM[channel]
        hold_stuck(values, self._faults, first_tick=first_tick, before=self._before if first_tick else values[0])
        self._before = values[-1].copy()
        fault = np.full(ticks, "", dtype=object)
        for acting in self._faults:
            fault[acting.acts(first_tick, ticks)] = acting.kind.value
        heard = np.ones(ticks, dtype=bool)
        for silence in of_kind(self._faults, FaultKind.SILENT):
            heard &= ~silence.acts(first_tick, ticks)
        return SensorBlock(values=values, fault=fault, heard=heard)
