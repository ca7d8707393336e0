"""The disk of the embedded log, and the room that is kept on it.

A full disk stops Kafka and PostgreSQL in the midst of a write, so readings are refused before: while less than the
reserve is free, nothing new comes in, and what is in the log can still be scored, projected and answered. The
reserve holds PostgreSQL's own log at its largest (2 GB, `max_wal_size`): that grows while all is being caught up.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dotenv import dotenv_values

from infra.settings import PREFIX, STACK_ENV, Settings

MEGABYTE: Final = 1_000_000


class DiskNearlyFull(Exception):
    """Less than the reserve is free where the log lies."""

    def __init__(self, *, free: int, reserve: int) -> None:
        super().__init__(
            f"only {free / MEGABYTE:,.0f} MB are free on the log's disk, and {reserve / MEGABYTE:,.0f} MB are kept for "
            "scoring and showing what is there: no reading is taken in"
        )
        self.free = free
        self.reserve = reserve


@dataclass(frozen=True, slots=True)
class LogDisk:
    """Where the log lies and how many bytes stay free there."""

    folder: Path
    reserve: int

    def free(self) -> int:
        """Return how many bytes are free for us."""
        return shutil.disk_usage(self.folder).free

    def require_room(self) -> None:
        """Return if there is room for readings; costs a few microseconds.

        Raises:
            DiskNearlyFull: there is not.
        """
        free = self.free()
        if free < self.reserve:
            raise DiskNearlyFull(free=free, reserve=self.reserve)


def log_disk(settings: Settings) -> LogDisk | None:
    """Return the disk of the embedded log; None where the log is another cluster's, whose disks we can't see."""
    data = settings.home / "kafka" / "data"
    embedded = dotenv_values(settings.home / STACK_ENV).get(f"{PREFIX}KAFKA_BOOTSTRAP")
    if not data.exists() or not settings.has("kafka_bootstrap") or settings.kafka_bootstrap != embedded:
        return None
    return LogDisk(data, settings.disk_reserve_mb * MEGABYTE)
