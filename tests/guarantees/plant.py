"""Pumps whose readings flow into a stack of the tests' own, and the processes that work on them."""

import json
import os
import random
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from dependency_injector import providers

from domain.models import ModelPromoted, ModelRef
from domain.readings import SensorReadingRecorded
from domain.scoring import ReadingsScored
from domain.topics import ANOMALY_EVENTS, MODEL_EVENTS, PROFILE_EVENTS, SENSOR_EVENTS
from infra.kafka.client.clients import partitions_of, producer
from infra.kafka.client.log_range import read_to_end
from infra.kafka.meaning.contracts import load_contracts
from infra.wiring.container import Container
from ml.panel.trainer import PanelTrainer
from schemas.codec import Event, encode
from tests.builders import a_profile, a_reading
from tests.guarantees.judged_again import scores_that_differ
from tests.guarantees.log_account import account, is_scored_to_the_end
from tests.guarantees.reading_back import event_or_none
from tests.stacks import PROJECT, TELLTALE, StackOfTests, must, wait_until
from tests.tied import tied

MACHINES = [f"pump-{number:02d}" for number in range(12)]
CHANNELS = ("speed", "vibration")


@dataclass
class Plant:
    """A stack of the test's own with readings flowing into it."""

    stack: StackOfTests
    sent: list[SensorReadingRecorded] = field(default_factory=list)
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    clock: int = 0
    """The next second by the machines' clocks."""

    @property
    def bootstrap(self) -> str:
        return self.stack.settings.kafka_bootstrap

    def send(self, readings: list[SensorReadingRecorded]) -> None:
        contracts, client = load_contracts(self.bootstrap), producer(self.bootstrap)
        for reading in readings:
            client.produce(SENSOR_EVENTS, encode(reading, contracts), reading.machine_id.encode())
        assert client.flush(30) == 0
        self.sent += readings

    def flow(self, count: int, rng: random.Random, *, faults: float = 0.02) -> None:
        """Send the next readings: one a second of every machine, a share of `faults` far outside; a whole second."""
        seconds = -(-count // len(MACHINES))
        self.send(some_readings(self.clock, seconds, rng, faults=faults))
        self.clock += seconds

    def append(self, topic: str, key: str, event: Event) -> None:
        client = producer(self.bootstrap)
        client.produce(topic, encode(event, load_contracts(self.bootstrap)), key.encode())
        assert client.flush(30) == 0

    def events(self, topic: str) -> Iterator[tuple[int, Event]]:
        """Yield partition and event of everything committed; what another client wrote there is none."""
        contracts = load_contracts(self.bootstrap)
        for partition in partitions_of(topic):
            for batch in read_to_end(self.bootstrap, topic, partition):
                for value in batch.values:
                    if (event := event_or_none(value, contracts)) is not None:
                        yield partition, event

    def start(
        self, *words: str, log: str = "processes-of-the-test", more: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a program on this stack; what it says is appended to the log of that name."""
        environment = {**os.environ, "TELLTALE_HOME": str(self.stack.home), **(more or {})}
        with self.log_of(log).open("ab") as output:
            process = subprocess.Popen(
                [*words],
                env=environment,
                cwd=PROJECT,
                stdout=output,
                stderr=output,
                preexec_fn=tied,  # noqa: PLW1509 - it calls the system once and nothing else
            )
        self.started.append(process)
        return process

    def telltale(
        self, *words: str, log: str = "processes-of-the-test", more: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        return self.start(*TELLTALE, *words, log=log, more=more)

    def log_of(self, name: str) -> Path:
        return self.stack.home / "logs" / f"{name}.log"

    def said(self, log: str, event: str) -> list[dict[str, Any]]:
        """Return the log lines of that event, in order."""
        path = self.log_of(log)
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        told = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        return [one for one in told if one.get("event") == event]

    def must_be_scored_exactly_once(self) -> None:
        """Wait until the ledger covers the whole log, and hold readings, ledger and verdicts together."""
        wait_until(lambda: is_scored_to_the_end(self.bootstrap), deadline_s=120, what="every record is in the ledger")
        assert account(self.bootstrap).faults() == []

    def every_score_must_be_that_of_one_uninterrupted_pass(self) -> None:
        """Judge the whole log once more from nothing, and hold every score that was written against it."""
        assert scores_that_differ(self.stack.settings) == []

    def scored_to_the_end(self) -> bool:
        covered = dict.fromkeys(partitions_of(SENSOR_EVENTS), 0)
        for partition, event in self.events(ANOMALY_EVENTS):
            if isinstance(event, ReadingsScored):
                covered[partition] = event.next_offset
        return sum(covered.values()) == len(self.sent)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.stack.settings.postgres_dsn) as connection:
            names = ("readings", "anomalies", "scoring")
            served = connection.execute("SELECT read_model, build FROM telltale.serving").fetchall()
            path = ", ".join(f"{name}_b{build}" for name, build in served if name in names)
            connection.execute(f"SET search_path TO {path}")
            return connection.execute(query).fetchall()


def some_readings(start: int, seconds: int, rng: random.Random, *, faults: float = 0.02) -> list[SensorReadingRecorded]:
    """Return the readings of some seconds, one of every machine, a share of `faults` far outside."""
    return [
        pump_reading(second, machine, rng.gauss(50, 1) + (30.0 if rng.random() < faults else 0.0), rng.gauss(50, 1))
        for second in range(start, start + seconds)
        for machine in MACHINES
    ]


def pump_reading(second: float, machine: str, *values: float) -> SensorReadingRecorded:
    """Return one reading of a pump."""
    measured = dict(zip(CHANNELS, values, strict=True))
    return a_reading(second, machine_id=machine, sensor_id="drive-end", profile="pump@1", measurements=measured)


@contextmanager
def a_plant(home: Path) -> Iterator[Plant]:
    """Start services of the plant's own, and leave nothing behind."""
    stack = StackOfTests(home)
    try:
        must(stack.up())
        with plant_on(stack) as plant:
            yield plant
    finally:
        stack.run("reset", "--yes")


@contextmanager
def plant_on(stack: StackOfTests) -> Iterator[Plant]:
    """Describe the pumps in an empty log, and leave no process behind."""
    plant = Plant(stack)
    try:
        plant.append(PROFILE_EVENTS, "pump", a_profile("pump", channels=CHANNELS))
        yield plant
    finally:
        for process in plant.started:  # those that a failed test left
            process.kill()
            process.wait()


def ended(process: subprocess.Popen[bytes], *, by: signal.Signals | None = None) -> int:
    """Send a signal, if any, and return the exit code."""
    if by is not None:
        process.send_signal(by)
    return process.wait(60)


def promote(plant: Plant, model: ModelRef) -> None:
    promoted = ModelPromoted(model=model, replaces=None, because="test", actor="test", forced=False)
    plant.append(MODEL_EVENTS, "pump", promoted)


def train(plant: Plant) -> ModelRef:
    """Train a panel, whose judgement rests on what it has seen: a state that is lost or doubled shows in the scores."""
    stored = (
        Container(settings=providers.Object(plant.stack.settings))
        .training()
        .train_profile("pump", trainer=PanelTrainer(), on_progress=lambda _done, _total: None)
    )
    return stored.event.model


def train_and_promote(plant: Plant) -> ModelRef:
    model = train(plant)
    promote(plant, model)
    return model
