"""Scorers share the partitions; whoever dies, and whenever, the others go on from exactly where it was."""

import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

import pytest
from confluent_kafka import Producer

from domain.anomalies import AnomalyDetected
from domain.readings import SensorReadingRecorded
from domain.scoring import Flag, ReadingsScored, ScorerStateSaved, ScoringModelChanged
from domain.topics import ANOMALY_EVENTS, MODEL_EVENTS, SCORER_STATE, SENSOR_EVENTS
from infra.kafka.client.clients import partitions_of, producer
from infra.kafka.meaning.contracts import load_contracts
from infra.kafka.scoring.history import KafkaScoringHistory
from ml.scoring.state import ENCODING
from schemas.codec import Event, encode
from tests.builders import NOON
from tests.guarantees.log_account import account
from tests.guarantees.plant import Plant, ended, promote, pump_reading, train
from tests.stacks import wait_until

PARTITION: Final = 3


@pytest.fixture
def plant(scored_plant: Plant) -> Plant:
    return scored_plant


@contextmanager
def scorer(plant: Plant, slot: int = 0) -> Iterator[Callable[[], list[int]]]:
    """Run a scorer; what is yielded tells the partitions it has taken so far, in order. It is killed in the end."""
    log = f"scorer-{slot}-{time.monotonic_ns()}"
    process = plant.telltale("scorer", "--slot", str(slot), log=log)
    try:
        yield lambda: [line["partition"] for line in plant.said(log, "partition_taken")]
    finally:
        ended(process, by=signal.SIGKILL)


def all_taken(*taken: Callable[[], list[int]]) -> None:
    """Wait until these scorers together have taken every partition."""
    wait_until(
        lambda: {partition for one in taken for partition in one()} == set(partitions_of(SENSOR_EVENTS)),
        deadline_s=90,
        what="every partition is taken",
    )


def events_of(plant: Plant, kind: type[Event], partition: int) -> list[Event]:
    return [event for at, event in plant.events(ANOMALY_EVENTS) if at == partition and isinstance(event, kind)]


def a_dying_scorers_transaction(plant: Plant, *records: tuple[str, Event]) -> Producer:
    """Return a writer that has written into PARTITION and neither committed nor aborted."""
    contracts = load_contracts(plant.bootstrap)
    dying = producer(plant.bootstrap, transactional_id="dying-scorer", transaction_timeout_ms=60_000)
    dying.init_transactions(30)
    dying.begin_transaction()
    for topic, event in records:
        dying.produce(topic, encode(event, contracts), partition=PARTITION)
    assert dying.flush(30) == 0
    return dying


def restored_after(plant: Plant, end: Callable[[float], object]) -> tuple[object, object]:
    """Return newest ledger and newest snapshot, as read by who began before `end` and must have waited for it."""
    history = KafkaScoringHistory(plant.bootstrap, load_contracts(plant.bootstrap))
    found: list[object] = []

    def restore() -> None:
        found.extend([history.newest_ledger(PARTITION), next(history.snapshots(PARTITION), None)])

    restoring = threading.Thread(target=restore)
    restoring.start()
    restoring.join(3)
    waited = restoring.is_alive()
    end(30)
    restoring.join(60)
    history.close()
    assert waited, "it did not wait for the open transaction"
    return found[0], found[1]


def test_restore_waits_for_an_open_transaction(plant: Plant) -> None:
    """A reader that stopped where the open transaction begins would find an older state, or none, and not know."""
    with scorer(plant) as taken:
        all_taken(taken)
        plant.must_be_scored_exactly_once()
    newest = events_of(plant, ReadingsScored, PARTITION)[-1]
    assert isinstance(newest, ReadingsScored)
    lost = replace(newest, from_offset=newest.next_offset, next_offset=newest.next_offset + 7)
    dying = a_dying_scorers_transaction(plant, (ANOMALY_EVENTS, lost))
    found, _ = restored_after(plant, dying.abort_transaction)
    assert repr(found) == repr(newest)  # in words, since NaN is equal to nothing
    # Of an offset that no partition here reaches, so that no scorer ever restores it.
    snapshot = ScorerStateSaved(
        source_topic=SENSOR_EVENTS,
        source_partition=PARTITION,
        next_offset=10**9,
        models={},
        inputs={},
        chunk=0,
        chunks=1,
        encoding=ENCODING,
        content=b"the last word",
    )
    dying = a_dying_scorers_transaction(plant, (SCORER_STATE, snapshot))
    found, saved = restored_after(plant, dying.commit_transaction)
    assert (repr(found), saved) == (repr(newest), (snapshot,))


def test_verdicts_flow_again_after_kill_9(plant: Plant) -> None:
    with scorer(plant) as taken:
        all_taken(taken)
        plant.must_be_scored_exactly_once()
    far = [pump_reading(plant.clock + second, "pump-05", 90.0, 50.0) for second in range(3)]
    plant.send(far)
    plant.clock += len(far)
    with scorer(plant):
        plant.must_be_scored_exactly_once()
    judged = {event.reading_event_id for _, event in plant.events(ANOMALY_EVENTS) if isinstance(event, AnomalyDetected)}
    assert {reading.event_id for reading in far} <= judged


def test_killing_a_scorer_moves_its_partitions_and_rolling_back_and_forth_loses_and_doubles_nothing(
    plant: Plant,
) -> None:
    rng = random.Random(3)
    stop = threading.Event()

    def flow() -> None:
        while not stop.wait(0.05):
            plant.flow(24, rng)

    flowing = threading.Thread(target=flow)
    flowing.start()
    try:
        with scorer(plant, 0) as first:
            all_taken(first)
            with scorer(plant, 1) as second:
                wait_until(lambda: len(second()) == 4, deadline_s=60, what="the second has half of the partitions")
                shared = set(second())
            # Killed: what it had goes to the first, which so has taken all of them once more.
            wait_until(
                lambda: shared <= set(first()[-8:]) and len(first()) >= 8 + 4 + 8,
                deadline_s=60,
                what="the first has them all again",
            )
            with scorer(plant, 1) as second:
                wait_until(lambda: len(second()) == 4, deadline_s=60, what="the second is back")
                third_slot = scorer(plant, 2)
                with third_slot as third:
                    wait_until(lambda: len(third()) >= 2, deadline_s=60, what="a third has its share")
                time.sleep(rng.random())  # any moment of the rebalance is a fair one to die in
        with scorer(plant, 1) as second:
            all_taken(second)
    finally:
        stop.set()
        flowing.join()
    with scorer(plant, 0):
        plant.must_be_scored_exactly_once()
    assert len(account(plant.bootstrap).abnormal) > 10


def test_a_second_takeover_inside_the_timeout_loses_no_state(plant: Plant) -> None:
    """The first dies with its transaction open, the second in the midst of taking over; the third must know all."""
    rng = random.Random(5)
    plant.flow(400, rng)
    process = plant.start(sys.executable, "-m", "tests.guarantees.crashing_scorer", "advanced", "1", "1")
    assert ended(process) == -signal.SIGKILL
    with scorer(plant, 0) as taken:
        wait_until(lambda: bool(taken()), deadline_s=60, what="the second has begun to take over")
    plant.flow(400, rng)
    with scorer(plant, 2):
        plant.must_be_scored_exactly_once()
    plant.every_score_must_be_that_of_one_uninterrupted_pass()


def test_a_promotion_during_a_rebalance_never_goes_back(plant: Plant) -> None:
    rng = random.Random(6)
    models = [train(plant) for _ in range(2)]
    with scorer(plant, 0) as first:
        all_taken(first)
        for model in (*models, *models):
            promote(plant, model)
            with scorer(plant, 1) as second:
                promote(plant, model)
                plant.flow(200, rng)
                wait_until(lambda: bool(second()), deadline_s=60, what="the second has partitions")
        plant.must_be_scored_exactly_once()
    for partition in partitions_of(SENSOR_EVENTS):
        changes = [
            event.model_events_offset
            for event in events_of(plant, ScoringModelChanged, partition)
            if isinstance(event, ScoringModelChanged)
        ]
        positions = [
            event.inputs.get(MODEL_EVENTS, 0)
            for event in events_of(plant, ReadingsScored, partition)
            if isinstance(event, ReadingsScored) and event.models
        ]
        assert len(changes) > 2
        assert all(before < after for before, after in pairwise(changes)), changes
        assert positions == sorted(positions)


def test_late_duplicate_and_clock_ahead_readings_are_flagged_once_each_and_judged_by_nobody(plant: Plant) -> None:
    def measured(second: float, value: float = 90.0) -> SensorReadingRecorded:
        return pump_reading(second, "pump-00", value, 50.0)

    ahead_s = (datetime.now(UTC) - NOON).total_seconds() + 3_600
    ordinary, repeated = measured(plant.clock, 50.0), measured(plant.clock, 50.0)
    sent = [ordinary, repeated, measured(plant.clock - 50), measured(ahead_s), measured(plant.clock + 1, 50.0)]
    plant.clock += 2
    before = account(plant.bootstrap)
    plant.send(sent)
    with scorer(plant):
        plant.must_be_scored_exactly_once()
    after = account(plant.bootstrap)
    new = [at for at in after.readings if at not in before.readings]
    flags = [after.flags.get(at, set()) - {Flag.UNJUDGED} for at in sorted(new, key=lambda at: int(at.split("/")[2]))]
    assert flags == [set(), {Flag.DUPLICATE}, {Flag.LATE}, {Flag.CLOCK_AHEAD}, set()]
    assert set(after.abnormal) == set(before.abnormal)
    plant.every_score_must_be_that_of_one_uninterrupted_pass()
