"""Whatever dies: every reading has one ledger entry, every abnormal one one verdict, and the rows say the same."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from domain.anomalies import AnomalyDetected
from domain.models import ModelPromoted
from domain.readings import SensorReadingRecorded
from domain.scoring import ReadingsScored
from domain.topics import ANOMALY_EVENTS, MODEL_EVENTS, PROFILE_EVENTS, SENSOR_EVENTS
from infra.container import Container
from infra.kafka.clients import partitions_of, producer
from infra.kafka.contracts import load_contracts
from infra.kafka.reading import read_to_end
from ml.isolation_forest.trainer import IsolationForestTrainer
from schemas.codec import Event, decode, encode
from tests.builders import a_profile, a_reading
from tests.guarantees import crashing_projector, crashing_scorer
from tests.stacks import PROJECT, TELLTALE, StackOfTests, must, wait_until

MACHINES = [f"pump-{number:02d}" for number in range(12)]
CHANNELS = ("speed", "vibration")


@dataclass
class Plant:
    """A stack of the test's own with readings flowing into it."""

    stack: StackOfTests
    sent: list[SensorReadingRecorded] = field(default_factory=list)

    @property
    def bootstrap(self) -> str:
        return self.stack.settings.kafka_bootstrap

    def send(self, readings: list[SensorReadingRecorded]) -> None:
        contracts, client = load_contracts(self.bootstrap), producer(self.bootstrap)
        for reading in readings:
            client.produce(SENSOR_EVENTS, encode(reading, contracts), reading.machine_id.encode())
        assert client.flush(30) == 0
        self.sent += readings

    def append(self, topic: str, key: str, event: Event) -> None:
        client = producer(self.bootstrap)
        client.produce(topic, encode(event, load_contracts(self.bootstrap)), key.encode())
        assert client.flush(30) == 0

    def events(self, topic: str) -> Iterator[tuple[int, Event]]:
        """Yield partition and event of everything committed."""
        contracts = load_contracts(self.bootstrap)
        for partition in partitions_of(topic):
            for batch in read_to_end(self.bootstrap, topic, partition):
                for value in batch.values:
                    yield partition, decode(value, contracts)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "TELLTALE_HOME": str(self.stack.home)}
        with (self.stack.home / "logs" / "processes-of-the-test.log").open("ab") as log:
            return subprocess.Popen([*words], env=environment, cwd=PROJECT, stdout=log, stderr=log)

    def telltale(self, process: str) -> subprocess.Popen[bytes]:
        return self.start(*TELLTALE[:2], TELLTALE[2], process)

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


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plant]:
    """Start a log of the test's own, since it accounts for everything in it."""
    monkeypatch.setenv("TELLTALE_HOME", str(tmp_path / "home"))
    plant = Plant(StackOfTests(tmp_path / "home"))
    try:
        must(plant.stack.up())
        plant.append(PROFILE_EVENTS, "pump", a_profile("pump", channels=CHANNELS))
        yield plant
    finally:
        plant.stack.run("reset", "--yes")


def some_readings(start: int, count: int, rng: random.Random, *, faults: float = 0.02) -> list[SensorReadingRecorded]:
    """Return readings of all machines in turn, a share of `faults` far outside; no two are the same."""
    readings = []
    for place in range(start, start + count):
        far = 30.0 if rng.random() < faults else 0.0
        values = {channel: rng.gauss(50, 1) + far for channel in CHANNELS}
        machine = MACHINES[place % len(MACHINES)]
        readings.append(
            a_reading(place, machine_id=machine, sensor_id="drive-end", profile="pump@1", measurements=values)
        )
    return readings


def train_and_promote(plant: Plant) -> None:
    stored = (
        Container()
        .training()
        .train_profile("pump", trainer=IsolationForestTrainer(), on_progress=lambda _done, _total: None)
    )
    promoted = ModelPromoted(model=stored.event.model, replaces=None, because="test", actor="test", forced=False)
    plant.append(MODEL_EVENTS, "pump", promoted)


def crash(plant: Plant, program: str, step: str, at: int) -> None:
    """Run a crashing program until it has killed itself."""
    process = plant.start(sys.executable, "-m", f"tests.guarantees.{program}", step, str(at))
    assert process.wait(90) == -signal.SIGKILL


def test_ten_kills_lose_nothing_and_double_nothing(plant: Plant) -> None:
    rng = random.Random(20260301)
    plant.send(some_readings(0, 1_000, rng, faults=0))
    train_and_promote(plant)
    kills = [("crashing_scorer", step) for step in crashing_scorer.STEPS]
    kills += [("crashing_projector", step) for step in crashing_projector.STEPS]
    rng.shuffle(kills)
    for number, (program, step) in enumerate(kills):
        plant.send(some_readings(1_000 + 400 * number, 400, rng))
        crash(plant, program, step, rng.randint(1, 2) if program == "crashing_projector" else 1)
    ordinary = {name: plant.telltale(name) for name in ("scorer", "projector")}
    try:
        for number in range(3):
            plant.send(some_readings(8_000 + 400 * number, 400, rng))
            time.sleep(rng.random())  # any moment of the work is a fair one to die in
            name = rng.choice(sorted(ordinary))
            ordinary[name].kill()
            ordinary[name].wait()
            ordinary[name] = plant.telltale(name)
        wait_until(plant.scored_to_the_end, deadline_s=90, what="every reading is scored")
        wait_until(lambda: rows_are_complete(plant), deadline_s=90, what="the rows are those of the log")
    finally:
        for process in ordinary.values():
            process.send_signal(signal.SIGTERM)
        for process in ordinary.values():
            process.wait(30)
    assert_each_reading_once(plant)


def rows_are_complete(plant: Plant) -> bool:
    (count,) = plant.rows("SELECT count(*) FROM readings")[0]
    (covered,) = plant.rows("SELECT coalesce(sum(next_offset - from_offset), 0) FROM ledger")[0]
    return bool(count == covered == len(plant.sent))


def assert_each_reading_once(plant: Plant) -> None:
    positions = {}
    for partition in partitions_of(SENSOR_EVENTS):
        offset = 0
        for batch in read_to_end(plant.bootstrap, SENSOR_EVENTS, partition):
            contracts = load_contracts(plant.bootstrap)
            for offset, value in zip(batch.offsets.tolist(), batch.values, strict=True):
                event = decode(value, contracts)
                assert isinstance(event, SensorReadingRecorded)
                positions[f"{SENSOR_EVENTS}/{partition}/{offset}"] = event.event_id
    assert Counter(positions.values()) == Counter(reading.event_id for reading in plant.sent)
    next_offset: Counter[int] = Counter()
    abnormal, verdicts = [], []
    for partition, event in plant.events(ANOMALY_EVENTS):
        if isinstance(event, ReadingsScored):
            assert event.from_offset == next_offset[partition], "the ledger has a gap or says an offset twice"
            next_offset[partition] = event.next_offset
            abnormal += [f"{SENSOR_EVENTS}/{partition}/{offset}" for offset in event.abnormal]
        elif isinstance(event, AnomalyDetected):
            verdicts.append(event)
            assert positions[event.reading_position] == event.reading_event_id
    assert len(abnormal) > 30, "the test's readings are not all normal"
    assert Counter(verdict.reading_position for verdict in verdicts) == Counter(abnormal)
    found = {row[0] for row in plant.rows("SELECT event_id FROM anomalies")}
    assert found == {verdict.event_id for verdict in verdicts}
    rows = {row[0] for row in plant.rows("SELECT event_id FROM readings")}
    assert rows == {reading.event_id for reading in plant.sent}
