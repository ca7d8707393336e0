"""How long the disk lasts at the rate at which readings came in during the last hour. It only looks.

History that is loaded in bulk comes once and says nothing of tomorrow, so it is left out.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

import psycopg

from domain.topics import SENSOR_EVENTS
from infra.kafka.client.clients import LogNotReachable, partitions_of
from infra.kafka.client.ends import LogEnds
from infra.log_disk import LogDisk
from infra.settings import Settings

WINDOW_S: Final = 3600.0
FEWEST_READINGS: Final = 10_000
"""Of fewer readings a byte count says more about empty files than about readings."""

SLICES: Final = 12
BULK_TIMES: Final = 10.0
"""A slice of the window with so many times the readings of the middle one holds history loaded in bulk."""

_DAY_S: Final = 86_400.0
_READ_MODELS: Final = """
SELECT coalesce(sum(pg_total_relation_size(tables.oid)), 0)::bigint
FROM pg_class AS tables
JOIN pg_namespace AS builds ON builds.oid = tables.relnamespace
WHERE builds.nspname ~ '_b[0-9]+$' AND tables.relkind = 'r'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Bytes free and kept; bytes a day that log and read models grow by, None where that can't be told."""

    free: int
    reserve: int
    bytes_per_day: float | None

    @property
    def days_left(self) -> float | None:
        """Return the days until readings are refused; None without growth."""
        if not self.bytes_per_day:
            return None
        return max(0.0, self.free - self.reserve) / self.bytes_per_day

    def __str__(self) -> str:
        refused = f"readings are refused below {self.reserve / 1e9:.1f} GB"
        free = f"{self.free / 1e9:.1f} GB free"
        if self.free < self.reserve:
            return f"{free}: readings are refused until {self.reserve / 1e9:.1f} GB are"
        if self.bytes_per_day is None:
            return f"{free}; {refused}; how long it lasts is told once more readings have come"
        if not self.bytes_per_day:
            return f"{free}; {refused}; no reading in the last hour"
        days = "more than 1,000" if (self.days_left or 0) > 1000 else f"{self.days_left:,.1f}"
        return f"{free}; {days} days left at {self.bytes_per_day / 1e9:,.2f} GB a day; {refused}"


def forecast(disk: LogDisk, settings: Settings, *, timeout_s: float = 3.0) -> Forecast:
    """Return how the disk stands; without a rate while log or database do not answer."""
    try:
        growth = _bytes_per_day(disk, settings, timeout_s)
    except (LogNotReachable, psycopg.Error):
        growth = None
    return Forecast(free=disk.free(), reserve=disk.reserve, bytes_per_day=growth)


def ordinary(counts: Sequence[int]) -> float:
    """Return how many readings would have come without bulk history; `counts` are those of equal slices of a time.

    A slice with far more than the middle one is bulk, and counts as the mean of the others. Where most slices have
    none at all, readings come in bursts by themselves, and all of them count.
    """
    middle = median(counts)
    kept = [count for count in counts if count <= BULK_TIMES * middle] if middle else [*counts]
    return sum(kept) / len(kept) * len(counts)


def _bytes_per_day(disk: LogDisk, settings: Settings, timeout_s: float) -> float | None:
    """Return the bytes that a reading has taken so far, times the readings a day of the last hour."""
    places = [(SENSOR_EVENTS, partition) for partition in partitions_of(SENSOR_EVENTS)]
    age_s = time.time() - (disk.folder / "meta.properties").stat().st_mtime
    window_s = max(1.0, min(WINDOW_S, age_s))
    ends = LogEnds(settings.kafka_bootstrap, timeout_s=timeout_s)
    now_s = time.time()
    written = ends.written(places)
    total = sum(written.values())
    if total < FEWEST_READINGS:
        return None
    reached = [
        sum(offset if offset >= 0 else written[place] for place, offset in found.items())
        for number in range(SLICES)
        for found in [ends.from_moment(places, moment_ms=int((now_s - window_s * (1 - number / SLICES)) * 1000))]
    ]
    recent = ordinary([after - before for before, after in pairwise([*reached, total])])
    with psycopg.connect(settings.postgres_reader_dsn, connect_timeout=max(1, int(timeout_s))) as connection:
        row = connection.execute(_READ_MODELS).fetchone()
    read_models = int(row[0]) if row else 0
    segments = sum(path.stat().st_size for path in disk.folder.glob("[!_]*-*/*.log"))
    return (segments + read_models) / total * recent / window_s * _DAY_S
