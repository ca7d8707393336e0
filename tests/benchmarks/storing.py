"""Bytes that one reading takes in the log: as itself, bulk-loaded, and in the score ledger."""

from collections.abc import Iterator
from typing import Final

from domain.topics import ANOMALY_EVENTS, SENSOR_EVENTS
from infra.kafka.client.clients import partitions_of, producer
from infra.kafka.client.log_range import read_to_end
from schemas.codec import decode
from schemas.wire import schema_id_of
from tests.benchmarks.figures import Figure, at_most
from tests.benchmarks.plant import Plant
from tests.benchmarks.sizes import Sizes

READING_BYTES: Final = 60
LEDGER_BYTES: Final = 12
LEDGER: Final = "bench-ledger"


def measure(plant: Plant, sizes: Sizes) -> Iterator[Figure]:
    """Weigh the segments on disk; the ledger's records are copied into a topic without the verdicts between them."""
    if not (count := sum(plant.ends().values())):
        plant.append(sizes.scored)
        count = sizes.scored
    yield at_most(
        "bytes per reading in sensor-events",
        plant.segment_bytes(SENSOR_EVENTS) / count,
        "B",
        goal=READING_BYTES,
        compared_with=f"{count:,} readings, appended in bulk, zstd",
    )
    scored = _copy_ledger(plant)
    if scored:
        yield at_most(
            "bytes per reading in the ledger",
            plant.segment_bytes(LEDGER) / scored,
            "B",
            goal=LEDGER_BYTES,
            compared_with=f"{scored:,} readings, scored while catching up",
        )


def _copy_ledger(plant: Plant) -> int:
    """Write each ledger record as a batch of its own, as a transaction does; return how many offsets they cover."""
    plant.topic(LEDGER)
    wanted = plant.contracts.id_of("ReadingsScored")
    client = producer(plant.bootstrap, linger_ms=0)
    scored = 0
    for partition in partitions_of(ANOMALY_EVENTS):
        for batch in read_to_end(plant.bootstrap, ANOMALY_EVENTS, partition):
            for value in batch.values:
                if schema_id_of(value) != wanted:
                    continue
                ledger = decode(value, plant.contracts)
                scored += ledger.next_offset - ledger.from_offset  # type: ignore[union-attr]
                client.produce(LEDGER, value, partition=partition)
                client.flush(10)
    return scored
