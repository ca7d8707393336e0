"""Ingest rate: from a CSV file and from the simulator into the log, beside a plain producer of the same bytes."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from infra.kafka.client.clients import producer
from infra.sources.csv.text_table import Said, text_table
from infra.sources.files.ingest_file import FileIngest
from infra.sources.files.plan import ColumnChoice, plan_columns
from infra.sources.files.source import FileSource
from infra.sources.novelty import Novelty
from infra.sources.simulator.stream import append_history
from infra.sources.simulator.world import World
from infra.sources.times.moments import Plausible
from schemas.encoder import encode_readings
from tests.benchmarks.figures import Figure, at_least
from tests.benchmarks.plant import PUMPS, Plant, pump_fleet
from tests.benchmarks.sizes import Sizes

GOAL: Final = 100_000
PLAIN: Final = "bench-plain"
_SENSORS: Final = PUMPS * 4
_MACHINES: Final = [f"csv0-{number:02d}" for number in range(PUMPS)]


def measure(plant: Plant, sizes: Sizes) -> Iterator[Figure]:
    """Bring readings in both ways, and their bytes a third way; the median of each way's rounds.

    Files come first: before a file goes in, its machines' readings are looked for in all that the log holds, which is
    a figure of its own.
    """
    plant.topic(PLAIN)
    rounds = [list(Fleet(plant, f"csv{turn}").readings(sizes.ingested)) for turn in range(sizes.rounds)]
    rates = {"CSV": median(_from_csv(plant, tables) for tables in rounds)}
    rates["simulator"] = median(_from_simulator(plant, f"sim{turn}", sizes.ingested) for turn in range(sizes.rounds))
    plain = ("plain producer of the same bytes", median(_plain(plant, tables) for tables in rounds))
    for way, rate in rates.items():
        yield at_least(f"ingest from {way}", rate, "readings/s", goal=GOAL, beside=plain)
    yield at_least("looked through for known readings", _looked_through(plant), "readings/s", goal=GOAL)


def _looked_through(plant: Plant) -> float:
    """Return how fast the readings of one machine in every partition are found among all in the log."""
    held, intake = sum(plant.ends().values()), plant.container()
    began = time.perf_counter()
    known = intake.logged_readings(profiles={plant.profile.ref: plant.profile})
    assert sum(len(ids) for _, ids in known.ids(_MACHINES))
    return held / (time.perf_counter() - began)


class Fleet:
    """The benchmarks' pumps under names of their own, so that no other measurement has met them."""

    def __init__(self, plant: Plant, prefix: str) -> None:
        self.world = World(pump_fleet(plant.profile, prefix))

    def readings(self, count: int) -> Iterator[pa.RecordBatch]:
        """Yield at least `count` readings in time order."""
        ticks = -(-count // _SENSORS)
        return chain.from_iterable(
            self.world.readings(first, min(first + 500, ticks)) for first in range(0, ticks, 500)
        )


def _from_csv(plant: Plant, tables: Sequence[pa.RecordBatch]) -> float:
    count = sum(map(len, tables))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "pumps.csv"
        _write_csv(path, tables, plant.profile.channel_names)
        intake = plant.container()
        choice = ColumnChoice(time="time", profile="pump", machine="machine", sensor="sensor", zone=UTC)
        profile = plant.profile
        began = time.perf_counter()
        plausible = Plausible(datetime.now(UTC), any_time=True)
        table = text_table(path, Said())
        source = FileSource(
            table=table, plan=plan_columns(table, choice, profile, plausible=plausible), plausible=plausible
        )
        novelty = Novelty(intake.logged_readings(profiles={profile.ref: profile}))
        with intake.appender() as sink:
            tally = FileIngest(sink, novelty).run(source.readings(profile))
        took_s = time.perf_counter() - began
    assert not tally.refused
    return count / took_s


def _write_csv(path: Path, tables: Sequence[pa.RecordBatch], channels: Sequence[str]) -> None:
    table = pa.Table.from_batches(tables)
    moments = table.column("recorded_at").cast(pa.timestamp("us"))
    columns = {
        "time": pc.strftime(moments, format="%Y-%m-%dT%H:%M:%SZ"),
        "machine": table.column("machine_id"),
        "sensor": table.column("sensor_id"),
    }
    measured = table.column("measurements")
    columns |= {channel: pc.map_lookup(measured, channel, "first") for channel in channels}
    csv.write_csv(pa.table(columns), path)


def _from_simulator(plant: Plant, prefix: str, count: int) -> float:
    intake = plant.container()
    ticks = range(-(-count // _SENSORS))
    with intake.appender() as sink:
        began = time.perf_counter()
        made = append_history(Fleet(plant, prefix).world, sink, ticks=ticks)
        return made / (time.perf_counter() - began)


def _plain(plant: Plant, tables: Sequence[pa.RecordBatch]) -> float:
    records = [
        (machine.encode(), value)
        for table in tables
        for machine, value in zip(
            table.column("machine_id").to_pylist(), encode_readings(table, plant.contracts), strict=True
        )
    ]
    client = producer(plant.bootstrap, linger_ms=5, queue_buffering_max_messages=1_000_000)
    produce = partial(client.produce, PLAIN)
    began = time.perf_counter()
    for key, value in records:
        produce(value, key)
    assert client.flush(60) == 0
    return len(records) / (time.perf_counter() - began)
