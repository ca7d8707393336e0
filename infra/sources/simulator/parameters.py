"""What makes one machine differ from the next of its kind: numbers drawn once from its seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from infra.sources.simulator.signals import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a machine stands and how it is used.

    levels: float64 array (5,), the loads it is run at, as shares of the full load.
    """

    daily_swing_celsius: float
    ambient_celsius: float
    levels: Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A room: weather and a quiet floor. Deviations are of the fast noise."""

    site: Site
    pressure_kpa: float
    vibration: float
    temperature_noise: float
    pressure_noise: float
    vibration_noise: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotating:
    """A pump, fan or compressor; quantities at full load, lags in seconds, `noise` by quantity in its unit."""

    site: Site
    kind: str
    flow: float
    pressure: float
    current: float
    base_vibration: float
    imbalance: float
    heating_celsius: float
    thermal_lag_s: float
    flow_lag_s: float
    noise: Mapping[str, float]
    vibration_noise: float
    inrush: float
    mean_dwell_s: float


Parameters = Environment | Rotating

ROTATING_KINDS = ("pump", "fan", "compressor")


def draw_parameters(kind: str, *seed: int) -> Parameters:
    """Return the machine that `seed` means; the same for ever."""
    rng = np.random.default_rng([7, *seed])
    draw = rng.uniform
    swing, ambient = draw(2.5, 5), draw(18, 24)
    # Two draws without use: taking them out would change every machine after them.
    draw(), draw()
    site = Site(
        daily_swing_celsius=swing,
        ambient_celsius=ambient,
        levels=np.sort(rng.uniform(0.55, 1, 5)),
    )
    if kind == "environment":
        return Environment(
            site=site,
            pressure_kpa=draw(99, 102),
            vibration=draw(1.6, 2.6),
            temperature_noise=draw(0.08, 0.15),
            pressure_noise=draw(0.02, 0.04),
            vibration_noise=draw(0.12, 0.22),
        )
    return Rotating(
        site=site,
        kind=kind,
        flow=draw(80, 120),
        pressure=draw(5, 8),
        current=draw(30, 60),
        base_vibration=draw(0.4, 0.8),
        imbalance=draw(1.2, 2.4),
        heating_celsius=draw(25, 40),
        thermal_lag_s=draw(600, 2000),
        flow_lag_s=draw(1.5, 4),
        noise=MappingProxyType(
            {
                "flow": draw(0.5, 0.9),
                "pressure": draw(0.03, 0.06),
                "current": draw(0.2, 0.45),
                "temperature": draw(0.08, 0.15),
            }
        ),
        vibration_noise=draw(0.05, 0.08),
        inrush=draw(1.5, 3.5),
        mean_dwell_s=draw(300, 700) if kind == "compressor" else draw(1500, 3600),
    )
