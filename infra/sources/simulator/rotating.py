"""A sensor on a pump, fan or compressor, which reads what speed, load, heat and wear make of it.

Affinity laws of turbomachines: flow follows speed, pressure its square, power (so current and heat) its cube.
Vibration is a base plus imbalance, which grows with the square of speed, plus one resonance passed in every start.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot

import numpy as np
from numpy.typing import NDArray

from infra.sources.simulator.faults import Fault, FaultKind, of_kind
from infra.sources.simulator.operation import OperationBlock
from infra.sources.simulator.parameters import Rotating
from infra.sources.simulator.signals import CorrelatedNoise, Lag, Signal, WhiteNoise

_RESONANCE_AT = 0.33
_USUAL_DEMAND = 0.0126
"""Standard deviation of the demand in `OperationBlock`."""


@dataclass(slots=True)
class _Wear:
    """What the machine's own faults add to it in a block; scale factors are 1 and the rest 0 without a fault."""

    vibration_scale: Signal
    vibration_noise_scale: Signal
    vibration: Signal
    heat: Signal
    pressure: Signal
    flow_share: Signal


class RotatingSensor:
    """Reads a rotating machine, block after block."""

    def __init__(self, machine: Rotating, faults: Sequence[Fault], seed: Sequence[int]) -> None:
        self._machine = machine
        self._faults = faults
        self._seed = seed
        self.noise = _fast_noise(machine)
        self._flow_lag = Lag(machine.flow_lag_s)
        self._thermal_lag = Lag(machine.thermal_lag_s)
        self._casing_lag = Lag(120)
        self._friction_lags = [Lag(900) for _ in of_kind(faults, FaultKind.BEARING)]
        self._vibration_noise = CorrelatedNoise(0.5, machine.vibration_noise)
        noise = machine.noise
        self._noises: Mapping[str, CorrelatedNoise | WhiteNoise] = {
            "temperature": CorrelatedNoise(0.9, noise["temperature"]),
            "current": CorrelatedNoise(0.4, noise["current"]),
            "pressure": CorrelatedNoise(0.5, noise["pressure"]),
            "intake": CorrelatedNoise(0.9, 0.1),
            "flow": CorrelatedNoise(0.5, noise["flow"]),
            "speed": WhiteNoise(0.1),
            "load": WhiteNoise(0.3),
        }
        self._cycle = _CompressorCycle(machine) if machine.kind == "compressor" else None

    def __call__(self, rng: np.random.Generator, operation: OperationBlock) -> Mapping[str, Signal]:
        """Return the next block by quantity, before sensor faults and quantisation."""
        machine, load, running, demand = self._machine, operation.load, operation.running, operation.demand
        flow_speed = self._flow_lag(load)
        vibration_noise = self._vibration_noise(rng, operation.ticks)
        wear = self._wear(operation.first_tick, flow_speed)
        # Every kind draws the noise of every quantity: another channel in a profile leaves the others as they are.
        noise = {quantity: source(rng, operation.ticks) for quantity, source in self._noises.items()}

        heat = self._thermal_lag(load**3 + wear.heat)
        casing = self._casing_lag(operation.ambient_celsius + machine.heating_celsius * heat + 4 * running)
        vibration = _vibration(machine, flow_speed, running) * wear.vibration_scale + wear.vibration
        effort = (0.25 + 0.75 * load**3) + machine.inrush * operation.inrush + 0.3 * demand
        head = machine.pressure * flow_speed**2 * (1 - 0.6 * demand)
        throughput = machine.flow * flow_speed * (1 + demand + wear.flow_share)
        quantities = {
            "temperature": casing + noise["temperature"],
            "vibration": np.maximum(0, vibration * (1 + vibration_noise * wear.vibration_noise_scale)),
            "current": np.maximum(0, np.where(running, machine.current * effort + noise["current"], 0)),
            "pressure": np.maximum(0, head + wear.pressure + running * noise["pressure"]),
            "intake": operation.ambient_celsius + noise["intake"],
            "flow": np.maximum(0, throughput + running * noise["flow"]),
            "speed": 100 * load + running * noise["speed"],
            "load": 100 * load + running * noise["load"],
        }
        if self._cycle is not None:
            quantities |= self._cycle(rng, operation, flow_speed, wear.pressure)
        return quantities

    def _wear(self, first_tick: int, flow_speed: Signal) -> _Wear:
        ticks = len(flow_speed)
        machine, one = self._machine, np.ones(ticks)
        wear = _Wear(one, one, np.zeros(ticks), np.zeros(ticks), np.zeros(ticks), np.zeros(ticks))
        for fault, friction in zip(of_kind(self._faults, FaultKind.BEARING), self._friction_lags, strict=True):
            worn = fault.size * fault.growth(first_tick, ticks)
            wear.vibration_scale = wear.vibration_scale * (1 + worn)
            wear.vibration_noise_scale = wear.vibration_noise_scale * (1 + worn)
            wear.heat = wear.heat + 0.25 * friction(worn)
        for fault in of_kind(self._faults, FaultKind.IMBALANCE):
            wear.vibration += machine.imbalance * fault.size * flow_speed**2 * fault.growth(first_tick, ticks)
        for fault in of_kind(self._faults, FaultKind.CAVITATION):
            bubbles = fault.size * fault.growth(first_tick, ticks)
            rattle, hiss = fault.noise(self._seed, first_tick, 2 * ticks).reshape(2, ticks)
            wear.vibration_scale = wear.vibration_scale * (1 + 0.15 * bubbles + 0.1 * bubbles * rattle)
            wear.pressure += bubbles * (hiss * 2 * machine.noise["pressure"] - 0.01 * machine.pressure)
            wear.flow_share += -0.02 * bubbles * flow_speed
        return wear


class _CompressorCycle:
    """A compressor holds its pressure by loading and unloading: a saw tooth, the faster the higher the load."""

    def __init__(self, machine: Rotating) -> None:
        self._machine = machine
        self._turned = 0.0
        self._phase: float | None = None
        self._pressure_noise = CorrelatedNoise(0.5, machine.noise["pressure"])
        self._current_noise = CorrelatedNoise(0.4, machine.noise["current"])

    def __call__(
        self, rng: np.random.Generator, operation: OperationBlock, flow_speed: Signal, cavitation: Signal
    ) -> Mapping[str, Signal]:
        """Return the next block of pressure and current."""
        machine, load, running = self._machine, operation.load, operation.running
        turned = np.cumsum(np.concatenate([[self._turned + 0.6 + load[0]], 0.6 + load[1:]]))
        self._turned = float(turned[-1])
        if self._phase is None:
            self._phase = float(rng.uniform())
        saw = 0.12 * ((turned / 90 + self._phase) % 1 - 0.5)
        pressure = machine.pressure + saw - 0.1 * flow_speed + cavitation + self._pressure_noise(rng, len(load))
        effort = 0.35 + 0.65 * load + machine.inrush * operation.inrush + 0.5 * operation.demand
        current = machine.current * effort + self._current_noise(rng, len(load))
        return {
            "pressure": np.maximum(0, np.where(running, pressure, 0)),
            "current": np.maximum(0, np.where(running, current, 0)),
        }


def _vibration(machine: Rotating, flow_speed: Signal, running: NDArray[np.bool_]) -> Signal:
    base = running * machine.base_vibration * np.minimum(1, flow_speed / 0.3)
    resonance = running * 1.2 * np.exp(-0.5 * ((flow_speed - _RESONANCE_AT) / 0.05) ** 2)
    return np.asarray(base + machine.imbalance * flow_speed**2 + resonance)


def _fast_noise(machine: Rotating) -> Mapping[str, float]:
    """Return the standard deviation of each quantity's fast part, the unit in which faults are sized."""
    noise = dict(machine.noise)
    noise["vibration"] = machine.vibration_noise * (machine.base_vibration + machine.imbalance * 0.6)
    if machine.kind == "compressor":
        noise["pressure"] = hypot(noise["pressure"], 0.035)
    noise["current"] = hypot(noise["current"], 0.3 * machine.current * _USUAL_DEMAND)
    noise["flow"] = hypot(noise["flow"], machine.flow * _USUAL_DEMAND * 0.75)
    return noise | {"speed": 0.1, "load": 0.3, "intake": 0.1}
