"""A transaction that the log holds open though it calls it ended: the next scorer of the slot ends it and goes on."""

import random
import signal
from pathlib import Path

from confluent_kafka import TopicPartition

from domain.topics import ANOMALY_EVENTS, SENSOR_EVENTS
from infra.kafka.client.clients import consumer, partitions_of, producer
from infra.kafka.scoring.scoring_log import GROUP
from tests.guarantees.plant import Plant, ended
from tests.stacks import must, wait_until

SLOT = f"{GROUP}-0"
ANSWER_S = 30.0


def test_scoring_goes_on_behind_a_transaction_that_nobody_ends(scored_plant: Plant) -> None:
    plant, rng = scored_plant, random.Random(8)
    plant.flow(100, rng)  # else nothing would be left to wait for, and the scorer be ended before it began
    scorer = plant.telltale("scorer")
    plant.must_be_scored_exactly_once()
    assert ended(scorer, by=signal.SIGTERM) == 0

    leave_a_transaction_open(plant)
    plant.flow(400, rng)
    scorer = plant.telltale("scorer", log="behind-it")
    try:
        wait_until(lambda: bool(plant.said("behind-it", "partition_taken")), deadline_s=60, what="partitions are taken")
        assert len(plant.said("behind-it", "transactions_held_open")) == 1
        plant.must_be_scored_exactly_once()
    finally:
        assert ended(scorer, by=signal.SIGTERM) == 0


def leave_a_transaction_open(plant: Plant) -> None:
    """Write in the slot's name and let the log forget that this was a transaction, as a dying disk can make it."""
    writer = producer(plant.bootstrap, transactional_id=SLOT, transaction_timeout_ms=60_000)
    writer.init_transactions(ANSWER_S)
    (noted,) = [path for path in coordinators_notes(plant) if SLOT.encode() in path.read_bytes()]
    before = noted.stat().st_size
    writer.begin_transaction()
    for partition in partitions_of(ANOMALY_EVENTS):
        writer.produce(ANOMALY_EVENTS, b"", partition=partition)
    assert writer.flush(ANSWER_S) == 0
    positions = [TopicPartition(SENSOR_EVENTS, partition, 1) for partition in partitions_of(SENSOR_EVENTS)]
    asking = consumer(plant.bootstrap, group=GROUP)
    writer.send_offsets_to_transaction(positions, asking.consumer_group_metadata(), ANSWER_S)
    asking.close()
    must(plant.stack.run("down"))
    with noted.open("r+b") as file:
        file.truncate(before)
    (plant.stack.home / "kafka" / "data" / ".kafka_cleanshutdown").unlink()
    must(plant.stack.up())


def coordinators_notes(plant: Plant) -> list[Path]:
    return list(plant.stack.home.glob("kafka/data/__transaction_state-*/*.log"))
