"""A fleet in time: ticks of the physics stamped with moments, as readings ready for the log.

Everything follows from fleet, seeds, faults, start and interval: two worlds made alike give the same readings with
the same event ids, as far as both are run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from domain.profiles import ProfileDefined
from infra.sources.reading_table import Measured, Sensor, reading_table
from infra.sources.simulator.faults import Fault
from infra.sources.simulator.fleet import Station
from infra.sources.simulator.machine import Machine, SensorBlock

BLOCK_TICKS: Final = 21_600
"""Physics are made six simulated hours at a time; in every second one, on average, a machine stands still once."""

MOST_SENSOR_TICKS: Final = BLOCK_TICKS * 160
"""What the blocks of a whole fleet hold at most, about 200 MB: a fleet of more than 160 sensors has shorter blocks."""

_SHORTEST_BLOCK_TICKS: Final = 600

SOURCE: Final = "simulator"
_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldPlan:
    """What a world follows from; times in µs since 1970 UTC.

    interval_us: time between two ticks; the physics' own tick is a second, so another interval shows them in
    slow or quick motion. block_ticks: how many are made at a time; another number is another world.
    """

    stations: Sequence[Station]
    profiles: Mapping[str, ProfileDefined]
    faults: Mapping[str, Sequence[Fault]]
    start_us: int
    interval_us: int
    block_ticks: int = BLOCK_TICKS

    @property
    def sensors(self) -> int:
        """Return how many sensors the fleet has."""
        return sum(len(station.sensors) for station in self.stations)

    def tick_at(self, moment_us: int) -> int:
        """Return the first tick that begins at or after a moment."""
        return max(0, -(-(moment_us - self.start_us) // self.interval_us))


def block_ticks_of(sensors: int) -> int:
    """Return how many ticks of such a fleet are made at a time."""
    return max(_SHORTEST_BLOCK_TICKS, min(BLOCK_TICKS, MOST_SENSOR_TICKS // max(1, sensors)))


class World:
    """Runs a plan; stretches of ticks are asked for in ascending order."""

    def __init__(self, plan: WorldPlan) -> None:
        self._plan = plan
        self._first_sensor = np.cumsum([0, *(len(station.sensors) for station in plan.stations)])
        self._lives = [_Life(station, plan) for station in plan.stations]

    @property
    def sensors(self) -> int:
        """Return how many sensors the fleet has."""
        return self._plan.sensors

    def readings(self, first_tick: int, end_tick: int) -> Iterator[pa.RecordBatch]:
        """Yield the readings of ticks `first_tick` up to `end_tick`, a table per kind of machine, in time order."""
        for kind in dict.fromkeys(station.kind for station in self._plan.stations):
            measured = self._measured(kind, first_tick, end_tick)
            if len(measured):
                yield reading_table(measured)

    def moments(self, first_tick: int, end_tick: int) -> NDArray[np.int64]:
        """Return the moments of all readings of these ticks, ascending: int64 array (n,), µs since 1970 UTC."""
        offsets = np.concatenate([self._offsets(place) for place in range(len(self._lives))])
        ticks = self._plan.start_us + np.arange(first_tick, end_tick) * self._plan.interval_us
        return np.sort((ticks[:, None] + offsets).ravel())

    def _offsets(self, place: int) -> NDArray[np.int64]:
        """Return when within a tick each sensor of a station reads: the fleet's sensors share the tick evenly."""
        sensors = np.arange(self._first_sensor[place], self._first_sensor[place + 1])
        return np.asarray(sensors * self._plan.interval_us // self._plan.sensors, dtype=np.int64)

    def _measured(self, kind: str, first_tick: int, end_tick: int) -> Measured:
        plan = self._plan
        sensors: list[Sensor] = []
        columns: list[tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.float64], NDArray[np.object_]]] = []
        ticks_us = plan.start_us + np.arange(first_tick, end_tick) * plan.interval_us
        for place, (station, life) in enumerate(zip(plan.stations, self._lives, strict=True)):
            if station.kind != kind:
                continue
            offsets = self._offsets(place).tolist()
            blocks = life.read(first_tick, end_tick)
            for name, offset, block in zip(station.sensors, offsets, blocks, strict=True):
                heard = block.heard
                index = np.full(int(heard.sum()), len(sensors), np.intp)
                columns.append(((ticks_us + offset)[heard], index, block.values[heard], block.fault[heard]))
                sensors.append(Sensor(station.machine_id, name))
        moments, index, values, fault = (np.concatenate(parts) for parts in zip(*columns, strict=True))
        order = np.argsort(moments, kind="stable")
        labels = fault[order]
        return Measured(
            profile=plan.profiles[kind],
            sensors=sensors,
            sensor=index[order],
            recorded_at_us=moments[order],
            values=values[order],
            source=SOURCE,
            injected=pa.array(labels != ""),
            anomaly_type=pa.array([label or None for label in labels], pa.string()),
        )


class _Life:
    """One machine's ticks; keeps the blocks that may still be asked for."""

    def __init__(self, station: Station, plan: WorldPlan) -> None:
        self._station = station
        self._plan = plan
        self._made: dict[int, tuple[SensorBlock, ...]] = {}
        self._next_block = 0

    @cached_property
    def _machine(self) -> Machine:
        return Machine(
            self._station.kind,
            self._station.seed,
            run_seed=self._station.seed,
            sensors=len(self._station.sensors),
            first_second=self._plan.start_us // 1_000_000 % _DAY_S,
            faults=self._plan.faults.get(self._station.machine_id, ()),
        )

    def read(self, first_tick: int, end_tick: int) -> list[SensorBlock]:
        """Return every sensor's values of a stretch of ticks."""
        size = self._plan.block_ticks
        blocks = range(first_tick // size, (end_tick - 1) // size + 1)
        while self._next_block <= blocks[-1]:
            stops = self._stops(np.random.default_rng([31, self._station.seed, self._next_block]), size)
            self._made[self._next_block] = self._machine.advance(size, stops=stops)
            self._next_block += 1
        self._made = {number: made for number, made in self._made.items() if number >= blocks[0]}
        return [
            _joined(
                [
                    _cut(self._made[block][sensor], first_tick - block * size, end_tick - block * size)
                    for block in blocks
                ]
            )
            for sensor in range(len(self._station.sensors))
        ]

    @staticmethod
    def _stops(rng: np.random.Generator, ticks: int) -> int:
        """Return how often the machine stands still in a block: in shorter ones more seldom, as often in a day."""
        return int(rng.integers(2)) * int(rng.random() * BLOCK_TICKS < ticks)


def _cut(block: SensorBlock, first: int, end: int) -> SensorBlock:
    stretch = slice(max(0, first), max(0, end))
    return SensorBlock(values=block.values[stretch], fault=block.fault[stretch], heard=block.heard[stretch])


def _joined(parts: Sequence[SensorBlock]) -> SensorBlock:
    if len(parts) == 1:
        return parts[0]
    return SensorBlock(
        values=np.concatenate([part.values for part in parts]),
        fault=np.concatenate([part.fault for part in parts]),
        heard=np.concatenate([part.heard for part in parts]),
    )
