"""A sensor in a room: temperature follows the air, pressure the weather, vibration a quiet floor."""

from collections.abc import Mapping, Sequence

import numpy as np

from infra.sources.simulator.faults import Fault, FaultKind, of_kind
from infra.sources.simulator.operation import OperationBlock
from infra.sources.simulator.parameters import Environment
from infra.sources.simulator.signals import CorrelatedNoise, Signal


class RoomSensor:
    """Reads a room, block after block."""

    def __init__(self, room: Environment, faults: Sequence[Fault], seed: Sequence[int]) -> None:
        self._room = room
        self._faults = faults
        self._seed = seed
        self.noise: Mapping[str, float] = {
            "temperature": room.temperature_noise,
            "pressure": room.pressure_noise,
            "vibration": room.vibration_noise,
        }
        self._temperature_noise = CorrelatedNoise(0.95, room.temperature_noise)
        self._weather = CorrelatedNoise(1 - 1 / 21600, 0.35)
        self._pressure_noise = CorrelatedNoise(0.5, room.pressure_noise)
        self._vibration_noise = CorrelatedNoise(0.6, room.vibration_noise)

    def __call__(self, rng: np.random.Generator, operation: OperationBlock) -> Mapping[str, Signal]:
        """Return the next block by quantity, before sensor faults and quantisation."""
        ticks = operation.ticks
        temperature = operation.ambient_celsius + self._temperature_noise(rng, ticks)
        pressure = self._room.pressure_kpa + self._weather(rng, ticks) + self._pressure_noise(rng, ticks)
        vibration = self._room.vibration + self._vibration_noise(rng, ticks)
        return {
            "temperature": temperature,
            "pressure": pressure,
            "vibration": self._worn(vibration, operation.first_tick),
        }

    def _worn(self, vibration: Signal, first_tick: int) -> Signal:
        ticks = len(vibration)
        for fault in of_kind(self._faults, FaultKind.BEARING):
            wear = fault.size * fault.growth(first_tick, ticks)
            roughness = fault.noise(self._seed, first_tick, ticks) * self._room.vibration_noise * wear
            vibration = vibration * (1 + wear) + roughness
        for fault in of_kind(self._faults, FaultKind.IMBALANCE):
            vibration = vibration * (1 + fault.size * fault.growth(first_tick, ticks))
        return vibration
