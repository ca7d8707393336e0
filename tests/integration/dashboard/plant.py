"""An invented plant of 12 machines, as a function of time: the same seed and moment give the same plant.

Stands behind the fake API: a bearing wears out on pump-07, an oil sensor sticks, a pressure drifts, a fan is silent.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final
from uuid import NAMESPACE_OID, UUID, uuid5
from zlib import crc32

import numpy as np

STEP_S: Final = 30
HISTORY: Final = timedelta(hours=3, minutes=20)

MACHINES: Final = {
    "pump": ("pump-05", "pump-06", "pump-07", "pump-08"),
    "fan": ("fan-01", "fan-02", "fan-03"),
    "compressor": ("compressor-01", "compressor-02", "compressor-03"),
    "environment": ("hall-a", "hall-b"),
}
SENSORS: Final = {
    "pump": ("drive-end", "free-end", "hydraulic", "motor"),
    "fan": ("drive-end", "casing", "motor"),
    "compressor": ("stage-1", "stage-2", "oil", "motor"),
    "environment": ("air", "floor"),
}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A channel with its usual value, half the width of what is expected, and what its load does to it."""

    name: str
    unit: str
    role: str
    usual: float
    spread: float
    follows_load: float = 0.0


MACHINE_CHANNELS: Final = (
    Quantity("speed", "rpm", "condition", 1450.0, 14.0, 1.0),
    Quantity("vibration", "mm/s", "response", 2.5, 0.4, 0.6),
    Quantity("temperature", "°C", "response", 61.0, 2.2, 0.0),
    Quantity("pressure", "kPa", "response", 428.0, 9.0, 0.0),
    Quantity("current", "A", "response", 18.2, 0.7, 0.0),
)
ROOM_CHANNELS: Final = (
    Quantity("temperature", "°C", "response", 21.4, 1.6),
    Quantity("pressure", "kPa", "response", 101.3, 0.3),
    Quantity("vibration", "mm/s", "response", 0.4, 0.15),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something wrong with one sensor from `begins` minutes ago to `ends` minutes ago."""

    machine: str
    sensor: str
    channel: str
    kind: str
    begins: float
    ends: float
    every_s: int
    ratio: Callable[[float], float]
    """Of minutes since it began."""


FAULTS: Final = (
    Fault(
        machine="pump-07",
        sensor="drive-end",
        channel="vibration",
        kind="shift",
        begins=13,
        ends=-60,
        every_s=16,
        ratio=lambda minutes: 1.05 + min(minutes, 13.0) ** 1.3 * 0.077,
    ),
    Fault(
        machine="pump-07",
        sensor="free-end",
        channel="vibration",
        kind="shift",
        begins=5,
        ends=-60,
        every_s=40,
        ratio=lambda minutes: 1.05 + 0.05 * min(minutes, 9.0),
    ),
    Fault(
        machine="compressor-03",
        sensor="oil",
        channel="temperature",
        kind="stuck",
        begins=4,
        ends=-60,
        every_s=2,
        ratio=lambda minutes: 1.6 + 0.05 * min(minutes, 10.0),
    ),
    Fault(
        machine="pump-05",
        sensor="hydraulic",
        channel="pressure",
        kind="drift",
        begins=46,
        ends=-60,
        every_s=20,
        ratio=lambda minutes: 1.1 + 0.002 * min(minutes, 60.0),
    ),
    Fault(
        machine="hall-b",
        sensor="air",
        channel="pressure",
        kind="spike",
        begins=82,
        ends=81.9,
        every_s=10,
        ratio=lambda _: 2.4,
    ),
    Fault(
        machine="fan-03",
        sensor="casing",
        channel="vibration",
        kind="isolation_forest",
        begins=138,
        ends=134,
        every_s=40,
        ratio=lambda minutes: 1.1 + 0.05 * minutes,
    ),
    Fault(
        machine="compressor-01",
        sensor="stage-2",
        channel="current",
        kind="isolation_forest",
        begins=108,
        ends=100,
        every_s=12,
        ratio=lambda minutes: 1.2 + 0.35 * math.sin(minutes / 8 * math.pi),
    ),
)
SILENT: Final = {"fan-02": (6.0, -60.0), "compressor-02": (80.0, 64.0)}
"""Machine → from and to, in minutes ago: no reading came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An abnormal reading."""

    event_id: UUID
    fault: Fault
    at: datetime
    score: float
    place: int


def profile_of(machine: str) -> str:
    """Return the kind of machine."""
    return next(profile for profile, machines in MACHINES.items() if machine in machines)


def sensors_of(machine: str) -> tuple[str, ...]:
    """Return the machine's sensors."""
    names = SENSORS[profile_of(machine)]
    return names[:1] if machine == "hall-b" else names


def channels_of(machine: str) -> tuple[Quantity, ...]:
    """Return the machine's channels."""
    return ROOM_CHANNELS if profile_of(machine) == "environment" else MACHINE_CHANNELS


def all_machines() -> tuple[str, ...]:
    """Return every machine."""
    return tuple(machine for machines in MACHINES.values() for machine in machines)


def silent(machine: str, at: datetime, origin: datetime) -> bool:
    """Return whether no reading came from the machine at that moment."""
    begins, ends = SILENT.get(machine, (0.0, 0.0))
    return begins != ends and ends <= (origin - at).total_seconds() / 60 <= begins


def findings(origin: datetime, until: datetime) -> Iterator[Finding]:
    """Yield every abnormal reading up to `until`; `origin` is when the plant was set up."""
    for fault in FAULTS:
        begun = origin - timedelta(minutes=fault.begins)
        ended = min(until, origin - timedelta(minutes=fault.ends))
        for place in range(int(max((ended - begun).total_seconds(), -1) // fault.every_s) + 1):
            at = begun + timedelta(seconds=place * fault.every_s)
            score = fault.ratio((at - begun).total_seconds() / 60)
            name = f"{fault.machine}/{fault.sensor}/{place}"
            yield Finding(event_id=uuid5(NAMESPACE_OID, name), fault=fault, at=at, score=score, place=place)


def value(machine: str, sensor: str, quantity: Quantity, at: datetime, origin: datetime) -> float:
    """Return what the sensor measures."""
    place = int((at - (origin - HISTORY)).total_seconds() // STEP_S)
    noise = _noise(f"{machine}/{sensor}/{quantity.name}")[place % 2000]
    load = 0.82 if 95 <= (origin - at).total_seconds() / 60 <= 140 and machine.startswith("pump") else 1.0
    usual = quantity.usual * (1 - quantity.follows_load * (1 - load))
    wear = sum(
        (fault.ratio(_minutes(fault, at, origin)) - 0.35) * 3.3 * quantity.spread
        for fault in FAULTS
        if (fault.machine, fault.sensor, fault.channel) == (machine, sensor, quantity.name) and _on(fault, at, origin)
    )
    return usual + quantity.spread * 0.32 * float(noise) + wear


def score(machine: str, sensor: str, at: datetime, origin: datetime) -> float:
    """Return the largest ratio of the sensor's reading."""
    faults = [fault for fault in FAULTS if (fault.machine, fault.sensor) == (machine, sensor)]
    for fault in faults:
        if _on(fault, at, origin):
            return fault.ratio(_minutes(fault, at, origin))
    place = int((at - (origin - HISTORY)).total_seconds() // STEP_S)
    return float(0.4 * np.exp(0.22 * _noise(f"{machine}/{sensor}")[place % 2000]))


def _on(fault: Fault, at: datetime, origin: datetime) -> bool:
    return fault.ends <= (origin - at).total_seconds() / 60 <= fault.begins


def _minutes(fault: Fault, at: datetime, origin: datetime) -> float:
    return fault.begins - (origin - at).total_seconds() / 60


@cache
def _noise(name: str) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.random.default_rng(crc32(name.encode())).standard_normal(2000)
