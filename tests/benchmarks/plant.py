"""A stack of the benchmarks' own, with pumps that measure: what every benchmark works on."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import IO, Final

import pyarrow as pa
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]
from dependency_injector import providers

from commands.define_profile import DefineProfile
from commands.promote_model import PromoteModelHandler
from commands.stamps import CommandStamp
from domain.models import ModelRef
from domain.profiles import ProfileDefined
from domain.promotion import PromoteModel
from domain.readings import microseconds
from domain.topics import DATA_PARTITIONS, SENSOR_EVENTS
from infra.kafka.client.clients import partitions_of
from infra.kafka.client.ends import LogEnds
from infra.settings import Settings
from infra.sources.simulator.fleet import SENSORS, Station
from infra.sources.simulator.profiles import SIMULATED, TICK_S
from infra.sources.simulator.world import World, WorldPlan
from infra.wiring.container import Container
from ml.training.trainer import Trainer
from schemas.contracts import Contracts
from tests.stacks import PROJECT, TELLTALE, StackOfTests, must

PUMPS: Final = 24
"""Machines, of four sensors each: enough that all eight partitions have some."""

START: Final = datetime(2026, 1, 5, tzinfo=UTC)
_TICKS_AT_ONCE: Final = 500
_SECOND_US: Final = 1_000_000


def pump_fleet(profile: ProfileDefined, prefix: str = "pump") -> WorldPlan:
    """Return pumps of six channels, healthy, one reading a second of each sensor."""
    stations = [
        Station(machine_id=f"{prefix}-{number:02d}", kind="pump", sensors=SENSORS["pump"], seed=number)
        for number in range(PUMPS)
    ]
    return WorldPlan(
        stations=stations,
        profiles={"pump": profile},
        faults={},
        start_us=microseconds(START),
        interval_us=_SECOND_US,
        block_ticks=4_000,
    )


@dataclass
class Plant:
    """A running stack with pumps whose readings go into its log; `container` holds everything Telltale runs on it."""

    stack: StackOfTests
    _tick: int = 0
    _world: World | None = None

    @cached_property
    def settings(self) -> Settings:
        """Return where everything is."""
        return self.stack.settings

    @property
    def bootstrap(self) -> str:
        """Return Kafka's address."""
        return self.settings.kafka_bootstrap

    def container(self) -> Container:
        """Return a new container on this stack."""
        return Container(settings=providers.Object(self.settings))

    @cached_property
    def contracts(self) -> Contracts:
        """Return the published contracts."""
        contracts: Contracts = self.container().contracts()
        return contracts

    @cached_property
    def profile(self) -> ProfileDefined:
        """Return the pumps' profile, defined in the log."""
        intake = self.container()
        known = {one.ref: one for one in intake.profile_log().known()}
        if (held := known.get("pump@1")) is not None:
            return held

        command = DefineProfile(name="pump", channels=SIMULATED["pump"], expected_interval_s=TICK_S)
        return intake.define_profile().handle(command).profile

    def readings(self, count: int) -> Iterator[pa.RecordBatch]:
        """Yield the next `count` readings of the pumps, in time order."""
        if self._world is None:
            self._world = World(pump_fleet(self.profile))
        left = count
        while left > 0:
            for table in self._world.readings(self._tick, self._tick + _TICKS_AT_ONCE):
                yield table.slice(0, left)
                left -= len(table)
                if left <= 0:
                    break
            self._tick += _TICKS_AT_ONCE

    def append(self, count: int) -> None:
        """Append the next `count` readings of the pumps to the log."""
        with self.container().appender() as sink:
            for table in self.readings(count):
                sink.append(table)

    def train_and_promote(self, trainer: Trainer, *, profile: str = "pump") -> ModelRef:
        """Train on what the log holds of a profile, make the model champion and return it.

        Against the gate where there is a champion, and the log says so: what is measured is speed.
        """
        stored = (
            self.container().training().train_profile(profile, trainer=trainer, on_progress=lambda _done, _total: None)
        )
        model: ModelRef = stored.event.model
        intake = self.container()
        intake.model_commands().open()
        command = PromoteModel(name=model.name, version=model.version, because="bench", actor="bench", force=True)
        stamp = CommandStamp(command_id=f"bench-{model}-{model.artifact_sha256}", body_sha256="bench")
        PromoteModelHandler(intake.model_commands(), intake.model_lines()).handle(command, stamp)
        return model

    def topic(self, name: str) -> None:
        """Make a topic for a comparison, of as many partitions as the readings have."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        new = NewTopic(name, num_partitions=DATA_PARTITIONS, replication_factor=1)
        with suppress(KafkaException):  # it is there
            admin.create_topics([new])[name].result()

    def segment_bytes(self, topic: str) -> int:
        """Return what a topic takes on disk, indexes left out."""
        return sum(path.stat().st_size for path in self.stack.home.glob(f"kafka/data/{topic}-[0-9]*/*.log"))

    def start(self, command: str, *, log: IO[str]) -> subprocess.Popen[str]:
        """Start one of Telltale's processes on this stack."""
        environment = {**os.environ, "TELLTALE_HOME": str(self.stack.home)}
        return subprocess.Popen([*TELLTALE, command], env=environment, cwd=PROJECT, stdout=log, stderr=log, text=True)

    def ends(self) -> dict[int, int]:
        """Return the end of every partition of sensor-events."""
        places = [(SENSOR_EVENTS, partition) for partition in partitions_of(SENSOR_EVENTS)]
        return {partition: end for (_, partition), end in LogEnds(self.bootstrap).stable(places).items()}


@contextmanager
def a_plant(home: Path, *, keep: bool = False, light: bool = True) -> Iterator[Plant]:
    """Start a stack's services in `home`; thrown away afterwards unless it is to be kept."""
    stack = StackOfTests(home)
    try:
        must(stack.up(light=light))
        yield Plant(stack)
    finally:
        stack.run("down") if keep else stack.run("reset", "--yes")
