"""The simulated fleet: which machines there are, with which sensors, and what goes wrong with them in its history."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from types import MappingProxyType
from typing import Final

import numpy as np

from domain.profiles import Role
from infra.sources.simulator.faults import MACHINE_FAULTS, SHAPES, Fault, FaultKind
from infra.sources.simulator.profiles import SIMULATED


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A machine's place in the fleet; `seed` says which machine of its kind stands there."""

    machine_id: str
    kind: str
    sensors: tuple[str, ...]
    seed: int


SENSORS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "pump": ("drive-end", "free-end", "hydraulic", "motor"),
        "fan": ("drive-end", "casing", "motor"),
        "compressor": ("stage-1", "stage-2", "oil", "motor"),
        "environment": ("air", "floor"),
    }
)
_FIRST: Final = (
    *(("pump", f"pump-{number:02d}") for number in (5, 6, 7, 8)),
    *(("fan", f"fan-{number:02d}") for number in (1, 2, 3)),
    *(("compressor", f"compressor-{number:02d}") for number in (1, 2, 3)),
    ("environment", "hall-a"),
    ("environment", "hall-b"),
)
_FEWER_SENSORS: Final = MappingProxyType({"hall-b": ("air",)})
_ROTATION: Final = ("pump", "fan", "compressor", "environment", "pump", "pump")


def fleet(machines: int, *, seed: int) -> tuple[Station, ...]:
    """Return the first `machines` machines of the fleet: twelve with forty sensors, then more of the same kinds.

    A smaller fleet takes one machine of each kind before a second one.
    """
    named = list(_FIRST)
    if machines < len(named):
        rank = [sum(other[0] == kind for other in named[:place]) for place, (kind, _) in enumerate(named)]
        named = [name for _, name in sorted(zip(rank, named, strict=True), key=lambda pair: pair[0])]
    places = chain(named, _further())
    return tuple(
        Station(
            machine_id=machine_id,
            kind=kind,
            sensors=_FEWER_SENSORS.get(machine_id, SENSORS[kind]),
            seed=_seed_of(machine_id, seed),
        )
        for (kind, machine_id), _ in zip(places, range(machines), strict=False)
    )


def _further() -> Iterator[tuple[str, str]]:
    numbers = {"pump": count(9), "fan": count(4), "compressor": count(4), "environment": count(1)}
    for turn in count():
        kind = _ROTATION[turn % len(_ROTATION)]
        number = next(numbers[kind])
        yield kind, f"hall-{number:02d}" if kind == "environment" else f"{kind}-{number:02d}"


def _seed_of(machine_id: str, seed: int) -> int:
    """Return the machine's own seed: a machine stays the same whatever others stand beside it."""
    return int(np.random.default_rng([23, seed, *machine_id.encode()]).integers(2**31))


def history_faults(stations: Sequence[Station], ticks: int, *, seed: int) -> dict[str, tuple[Fault, ...]]:
    """Return labelled faults in the second half of a history: seven kinds if machines suffice, one a machine.

    The first half stays healthy, so that a model can be trained on it.
    """
    rng = np.random.default_rng([29, seed])
    order = [stations[int(place)] for place in rng.permutation(len(stations))]
    faults: dict[str, tuple[Fault, ...]] = {}
    for kind in _HISTORY_KINDS:
        station = next((one for one in order if one.machine_id not in faults and can_fail(one, kind)), None)
        if station is None:
            continue
        at = int(ticks * rng.uniform(0.55, 0.8))
        lasts = max(1, int(ticks * 0.15))
        faults[station.machine_id] = (_history_fault(station, kind, at, lasts, rng),)
    return faults


_HISTORY_KINDS: Final = (
    FaultKind.BEARING,
    FaultKind.CAVITATION,
    FaultKind.DRIFT,
    FaultKind.SHIFT,
    FaultKind.STUCK,
    FaultKind.NOISE,
    FaultKind.SPIKE,
)


def can_fail(station: Station, kind: FaultKind) -> bool:
    """Return whether machines of this kind know the fault: only what moves water cavitates."""
    return kind is not FaultKind.CAVITATION or station.kind == "pump"


def _history_fault(station: Station, kind: FaultKind, at: int, lasts: int, rng: np.random.Generator) -> Fault:
    shape = SHAPES[kind]
    responses = [place for place, channel in enumerate(SIMULATED[station.kind]) if channel.role == Role.RESPONSE]
    return Fault(
        kind=kind,
        at=at,
        end=at + min(lasts, shape.lasts or lasts),
        size=shape.size,
        # A bearing that wears within the history, not within the hour that it usually takes.
        over=min(shape.over, lasts // 2) if kind in MACHINE_FAULTS else shape.over,
        sensor=int(rng.integers(len(station.sensors))),
        channel=int(rng.choice(responses)),
    )
