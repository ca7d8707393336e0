"""Whatever dies: every reading has one ledger entry, every abnormal one one verdict, and the rows say the same."""

import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from domain.anomalies import AnomalyDetected
from domain.readings import SensorReadingRecorded
from domain.scoring import ReadingsScored
from domain.topics import ANOMALY_EVENTS, SENSOR_EVENTS
from infra.kafka.client.clients import partitions_of
from infra.kafka.client.log_range import read_to_end
from infra.kafka.meaning.contracts import load_contracts
from schemas.codec import decode
from tests.guarantees import crashing_projector, crashing_scorer
from tests.guarantees.plant import Plant, plant_on, train_and_promote
from tests.stacks import StackOfTests, wait_until


@pytest.fixture
def plant(empty_stack: StackOfTests) -> Iterator[Plant]:
    """Return a plant on a log that holds nothing else, since the test accounts for everything in it."""
    with plant_on(empty_stack) as plant:
        yield plant


def crash(plant: Plant, program: str, step: str, at: int) -> None:
    """Run a crashing program until it has killed itself."""
    process = plant.start(sys.executable, "-m", f"tests.guarantees.{program}", step, str(at))
    assert process.wait(90) == -signal.SIGKILL


def test_ten_kills_lose_nothing_and_double_nothing(plant: Plant) -> None:
    rng = random.Random(20260301)
    plant.flow(5_000, rng, faults=0)
    train_and_promote(plant)
    kills = [("crashing_scorer", step) for step in crashing_scorer.STEPS]
    kills += [("crashing_projector", step) for step in crashing_projector.STEPS]
    rng.shuffle(kills)
    for program, step in kills:
        plant.flow(400, rng)
        crash(plant, program, step, rng.randint(1, 2) if program == "crashing_projector" else 1)
    ordinary = {name: plant.telltale(name) for name in ("scorer", "projector")}
    try:
        for _ in range(3):
            plant.flow(400, rng)
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
    plant.every_score_must_be_that_of_one_uninterrupted_pass()


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
