"""Load rate of the read model `readings`, beside the bare loop that consumes, decodes and copies."""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Final

from domain.topics import SENSOR_EVENTS
from infra.kafka.client.record_source import KafkaRecordSource
from infra.kafka.meaning.vocabulary import KafkaVocabulary
from infra.postgres.builds import Build, create_build, ensure_serving_build
from infra.postgres.connections import connect_for_writing
from infra.postgres.migrate import migrate
from infra.postgres.projection_store import PostgresProjectionStore
from projections.checkpoints import TopicPartition
from projections.folder import Folder, load_folder
from projections.projector import Projector
from tests.benchmarks.bare_loop import BareLoop
from tests.benchmarks.figures import Figure, at_least, at_most
from tests.benchmarks.plant import Plant
from tests.benchmarks.sizes import Sizes

GOAL: Final = 250_000
SHARE: Final = 0.70
DATABASE_BYTES: Final = 200


class _WithoutIndexes(PostgresProjectionStore):
    """The real store, except that the end of the load is the benchmark's to time."""

    def finish_load(self) -> None:
        pass


def measure(plant: Plant, sizes: Sizes) -> Iterator[Figure]:
    """Load all readings of the log into a new build and into a bare table; then build the indexes and weigh it."""
    while sum(plant.ends().values()) < 2 * sizes.scored:
        plant.append(sizes.scored)
    ends = plant.ends()
    count = sum(ends.values())
    folder = load_folder("readings")
    build = _new_build(plant, folder)
    load_s, index_s = _load(plant, folder, build, ends)
    bare_s = BareLoop(plant.bootstrap, plant.settings.postgres_dsn, plant.profile).run(ends)
    beside = ("bare consume-decode-COPY loop", count / bare_s)
    yield at_least("projecting readings", count / load_s, "readings/s", goal=GOAL, beside=beside, share=SHARE)
    yield at_most(
        "index of readings", index_s, "s", goal=None, compared_with=f"loading its {count:,} rows: {load_s:.1f} s"
    )
    yield at_most("bytes per reading in the database", _table_bytes(plant, build) / count, "B", goal=DATABASE_BYTES)


def _new_build(plant: Plant, folder: Folder) -> Build:
    with closing(connect_for_writing(plant.settings.postgres_dsn, name="bench")) as connection:
        migrate(connection)
        ensure_serving_build(connection, folder)
        return create_build(connection, folder)


def _load(plant: Plant, folder: Folder, build: Build, ends: Mapping[int, int]) -> tuple[float, float]:
    store = _WithoutIndexes(plant.settings.postgres_dsn, build, folder)
    source = KafkaRecordSource(plant.bootstrap, group=f"bench-{build.schema}")
    projector = Projector(
        folder=folder, build=build.schema, source=source, store=store, vocabulary=KafkaVocabulary(plant.bootstrap)
    )
    projector.open()
    began = time.perf_counter()
    wanted = {TopicPartition(SENSOR_EVENTS, partition): end for partition, end in ends.items()}
    while any(projector.status.checkpoints[where].next_offset < end for where, end in wanted.items()):
        projector.step()
    projector.settle()
    loaded = time.perf_counter()
    PostgresProjectionStore.finish_load(store)
    indexed = time.perf_counter()
    projector.close()
    return loaded - began, indexed - loaded


def _table_bytes(plant: Plant, build: Build) -> int:
    with closing(connect_for_writing(plant.settings.postgres_dsn, name="bench")) as connection:
        row = connection.execute(
            "SELECT pg_total_relation_size(format('%%I.readings', %s::text)::regclass)", [build.schema]
        ).fetchone()
    assert row is not None
    return int(row[0])
