"""Logs that nobody wishes for: strange records, a clock that steps back, an older log, a grown topic."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    ResourceType,
)

from domain.readings import microseconds
from domain.topics import SENSOR_EVENTS
from infra.kafka.meaning.contracts import load_contracts
from schemas.codec import encode
from tests.builders import NOON
from tests.guarantees.rebuild_plant import DEADLINE_S, MACHINES, RebuildPlant
from tests.raw_avro import reading_with_recorded_at
from tests.stacks import StackOfTests, must, wait_until

NO = 1
REFUSED = 4
YEAR_294247_US = 2**63 - 1
"""The last moment that 64 bits hold, behind everything that a datetime or the database's timestamptz can."""


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[RebuildPlant]:
    """Start a stack of the test's own, since it will not start again as it was."""
    stack = StackOfTests(tmp_path / "home")
    try:
        must(stack.up())
        with projected(stack) as plant:
            yield plant
    finally:
        stack.run("reset", "--yes")


@contextmanager
def projected(stack: StackOfTests) -> Iterator[RebuildPlant]:
    """Let a projector take in some readings, and leave no process behind."""
    plant = RebuildPlant(stack)
    try:
        plant.prepare()
        plant.send(320)
        plant.start("projector")
        plant.wait_until_projected("readings", "reading_buckets", "sensors")
        yield plant
    finally:
        plant.stop()


@pytest.fixture
def plant_for_now(empty_stack: StackOfTests) -> Iterator[RebuildPlant]:
    """Return a plant on the worker's stack, for what is gone when that is emptied."""
    with projected(empty_stack) as plant:
        yield plant


def test_nul_the_year_294247_and_a_clock_stepping_back_stop_nothing(plant_for_now: RebuildPlant) -> None:
    plant = plant_for_now
    contracts = load_contracts(plant.bootstrap)
    plant.produce(SENSOR_EVENTS, "hall-a", reading_with_recorded_at(YEAR_294247_US, contracts), partition=1)
    nul = encode(plant.reading(5, "nul\0machine"), contracts)
    plant.produce(SENSOR_EVENTS, "nul\0machine", nul, partition=1)
    clock_of(plant, "CreateTime")  # only so can a test set the log's clock
    now_ms = microseconds(NOON) // 1000 + 10**9
    for number, at_ms in enumerate((now_ms, now_ms - 3_600_000, now_ms + 1_000)):
        reading = encode(plant.reading(10_000 + number, MACHINES[0]), contracts)
        plant.produce(SENSOR_EVENTS, MACHINES[0], reading, partition=1, timestamp_ms=at_ms)
    clock_of(plant, "LogAppendTime")
    plant.send(160)
    plant.wait_until_projected("readings", "reading_buckets", "sensors")
    assert {one["state"] for one in plant.states().values()} == {"running"}
    assert plant.rows("SELECT count(*) FROM readings") == [(plant.sent + 3,)]
    errors = plant.rows(f"SELECT error FROM readings_b{plant.serving('readings')}.rejected")  # noqa: S608
    assert errors == [("not_admitted",), ("not_admitted",)]
    known = [at for (at,) in plant.rows('SELECT known_at FROM readings WHERE partition = 1 ORDER BY "offset"')]
    assert known == sorted(known)
    for name in ("readings", "reading_buckets", "sensors"):
        must(plant.run("rebuild", name))


def test_a_restored_older_log_is_refused(plant: RebuildPlant) -> None:
    kafka = plant.stack.home / "kafka"
    older = plant.stack.home / "kafka-before"
    must(plant.run("down"))
    shutil.copytree(kafka, older, symlinks=True)
    must(plant.stack.up())
    plant.send(320)
    plant.wait_until_projected("readings")
    plant.stop("projector")
    must(plant.run("down"))
    shutil.rmtree(kafka)
    older.rename(kafka)
    must(plant.stack.up())
    plant.sent -= 320
    before = plant.rows("SELECT count(*), max(known_at) FROM readings")
    plant.start("projector")
    wait_until(
        lambda: plant.states()["readings"]["state"] == "stopped", deadline_s=DEADLINE_S, what="readings is stopped"
    )
    assert "The log was reset or restored" in plant.states()["readings"]["cause"]
    plant.sent += 100_000  # other readings than were there; they reach past the checkpoint
    plant.send(960)
    plant.stop("projector")
    plant.start("projector")
    wait_until(
        lambda: "does not hold the record" in str(plant.states()["readings"]["cause"]),
        deadline_s=DEADLINE_S,
        what="the last record is missed",
    )
    assert plant.run("projections", "list").returncode == NO
    assert plant.rows("SELECT count(*), max(known_at) FROM readings") == before, "it wrote on from another log"
    refused = plant.run("rebuild", "readings")
    assert (refused.returncode, "reset or restored" in refused.stderr) == (NO, True)
    must(plant.run("rebuild", "readings", "--accept", "the older log is what there is"))
    assert plant.rows("SELECT count(*) FROM readings") == [(320 + 960,)]
    wait_until(
        lambda: plant.states()["readings"]["state"] == "running", deadline_s=DEADLINE_S, what="readings is followed"
    )


def test_growing_a_topic_is_refused(plant: RebuildPlant) -> None:
    admin = AdminClient({"bootstrap.servers": plant.bootstrap})
    admin.create_partitions([NewPartitions(SENSOR_EVENTS, 9)])[SENSOR_EVENTS].result(30)
    plant.stop("projector")
    plant.start("projector")
    wait_until(
        lambda: plant.states()["readings"]["state"] == "stopped", deadline_s=DEADLINE_S, what="readings is stopped"
    )
    assert "9 partitions instead of 8" in plant.states()["readings"]["cause"]
    assert plant.run("projections", "list").returncode == NO
    for process in (("scorer",), ("commands",), ("simulate", "--history", "1m", "--no-live")):
        refused = plant.run(*process)
        assert (refused.returncode, "sensor-events has 9 instead of 8" in refused.stderr) == (REFUSED, True), process
    must(plant.run("down"))
    projector = plant.processes.pop("projector")
    projector.terminate()
    assert projector.wait(60) == 0, "it ends in order though its log is away"
    assert "sensor-events has 9 instead of 8" in plant.stack.up().stderr


def clock_of(plant: RebuildPlant, kind: str) -> None:
    """Let the log take its times from itself (LogAppendTime) or from the writer (CreateTime)."""
    entry = ConfigEntry("message.timestamp.type", kind, incremental_operation=AlterConfigOpType.SET)
    place = ConfigResource(ResourceType.TOPIC, SENSOR_EVENTS, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": plant.bootstrap})
    admin.incremental_alter_configs([place])[place].result(30)
