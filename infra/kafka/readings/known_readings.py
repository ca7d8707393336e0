"""Which readings the log holds of given machines."""

from collections.abc import Callable, Collection, Mapping

import numpy as np

from domain.profiles import ProfileDefined
from domain.topics import SENSOR_EVENTS, TOPICS
from infra.kafka.client.ends import LogEnds
from infra.kafka.client.log_range import read_to_end
from infra.kafka.client.partitioning import partition_of
from schemas.contracts import Contracts
from schemas.decoder import ReadingDecoder
from schemas.readings import Readings
from schemas.records import RecordBatch


class LoggedReadings:
    """Reads the partitions of the machines asked for, from the beginning to their ends now."""

    def __init__(
        self,
        bootstrap: str,
        contracts: Contracts,
        profiles: Mapping[str, ProfileDefined],
        *,
        on_read: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> None:
        """Prepare; `on_read` hears how many records are read, and of how many."""
        self._bootstrap = bootstrap
        self._decoder = ReadingDecoder(contracts, profiles)
        self._on_read = on_read

    def event_ids(self, machine_ids: Collection[str]) -> set[str]:
        """Return the event ids of all readings of these machines. See `KnownReadings`."""
        count = TOPICS[SENSOR_EVENTS].partitions
        partitions = sorted({partition_of(machine_id, count) for machine_id in machine_ids})
        ends = LogEnds(self._bootstrap).written((SENSOR_EVENTS, partition) for partition in partitions)
        keys = {machine_id.encode() for machine_id in machine_ids}
        found: set[str] = set()
        total, done = sum(ends.values()), 0
        for (topic, partition), end in ends.items():
            for batch in read_to_end(self._bootstrap, topic, partition, end=end):
                rows = np.array([row for row, key in enumerate(batch.keys) if key in keys], np.intp)
                found.update(self._decodable(batch.take(rows)).columns.column("event_id").to_pylist())
                done += len(batch)
                self._on_read(done, total)
        return found

    def _decodable(self, batch: RecordBatch) -> Readings:
        """Return the readings of a batch; a record that means nothing yet is nobody's repetition."""
        missing = [unknown.offset for unknown in self._decoder.unknown(batch)]
        return self._decoder.decode(batch.take(np.flatnonzero(~np.isin(batch.offsets, missing))))
