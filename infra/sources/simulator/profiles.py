"""The four kinds of simulated machine, as profiles: channels, units, roles and what is plausible."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.profiles import Channel, ProfileDefined, Role

TICK_S: Final = 1.0
"""Seconds between two readings of a simulated sensor in ordinary running."""

QUANTUM: Final[Mapping[str, float]] = MappingProxyType(
    {
        "temperature": 0.05,
        "pressure": 0.01,
        "vibration": 0.01,
        "speed": 0.1,
        "flow": 0.05,
        "current": 0.02,
        "load": 0.5,
        "intake": 0.1,
    }
)
"""Step of a sensor's converter by quantity, in the quantity's unit."""


def _condition(name: str, unit: str, minimum: float, maximum: float) -> Channel:
    return Channel(name=name, unit=unit, role=Role.CONDITION, minimum=minimum, maximum=maximum)


def _response(name: str, unit: str, minimum: float, maximum: float) -> Channel:
    return Channel(name=name, unit=unit, role=Role.RESPONSE, minimum=minimum, maximum=maximum)


# Plausible means: the sensor could say it, broken machine or not. So the ranges hold every fault made here.
_TEMPERATURE: Final = _response("temperature", "°C", -60, 400)
_VIBRATION: Final = _response("vibration", "mm/s", -50, 200)
_CURRENT: Final = _response("current", "A", -50, 1000)

SIMULATED: Final[Mapping[str, tuple[Channel, ...]]] = MappingProxyType(
    {
        "environment": (_TEMPERATURE, _response("pressure", "kPa", 50, 150), _VIBRATION),
        "pump": (
            _condition("speed", "%", -20, 150),
            _response("flow", "m³/h", -100, 500),
            _response("pressure", "bar", -10, 50),
            _CURRENT,
            _VIBRATION,
            _TEMPERATURE,
        ),
        "fan": (
            _condition("speed", "%", -20, 150),
            _response("pressure", "kPa", -10, 50),
            _CURRENT,
            _VIBRATION,
            _TEMPERATURE,
        ),
        "compressor": (
            _condition("load", "%", -20, 150),
            _condition("intake", "°C", -60, 100),
            _response("pressure", "bar", -10, 50),
            _CURRENT,
            _VIBRATION,
            _TEMPERATURE,
        ),
    }
)
"""Channels by kind of machine, in the profile's order."""


def simulated_profile(name: str, version: int = 1) -> ProfileDefined:
    """Return the profile of a kind of simulated machine.

    Raises:
        KeyError: no machine of this kind is simulated.
    """
    return ProfileDefined(name=name, version=version, channels=SIMULATED[name], expected_interval_s=TICK_S)
