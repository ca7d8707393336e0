"""Which readings the log holds of given machines."""

from collections.abc import Callable, Collection, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from domain.profiles import ProfileDefined
from domain.topics import SENSOR_EVENTS, TOPICS
from infra.kafka.client.ends import LogEnds
from infra.kafka.client.log_range import read_to_end
from infra.kafka.client.partitioning import partition_of
from schemas.contracts import Contracts
from schemas.decoder import ReadingDecoder
from schemas.readings import Readings, uuid_bytes
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
        self._seen: dict[int, set[bytes]] = {}
        """By partition that was read: the keys of its records then."""

    def ids(self, machine_ids: Collection[str]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
        """Yield times and event ids of all readings of these machines. See `KnownReadings`.

        A partition that was read before is read again only for a machine that was seen in it then.
        """
        count = TOPICS[SENSOR_EVENTS].partitions
        keys: dict[int, set[bytes]] = {}
        for machine_id in machine_ids:
            partition, key = partition_of(machine_id, count), machine_id.encode()
            if key in self._seen.get(partition, {key}):
                keys.setdefault(partition, set()).add(key)
        ends = LogEnds(self._bootstrap).written((SENSOR_EVENTS, partition) for partition in sorted(keys))
        total, done = sum(ends.values()), 0
        for (topic, partition), end in ends.items():
            seen = self._seen.setdefault(partition, set())
            for batch in read_to_end(self._bootstrap, topic, partition, end=end):
                seen.update(key for key in set(batch.keys) if key is not None)
                rows = np.array([row for row, key in enumerate(batch.keys) if key in keys[partition]], np.intp)
                readings = self._decodable(batch.take(rows))
                yield readings.recorded_at_us, uuid_bytes(readings.columns.column("event_id"))
                done += len(batch)
                self._on_read(done, total)

    def _decodable(self, batch: RecordBatch) -> Readings:
        """Return the readings of a batch; a record that means nothing yet is nobody's repetition."""
        missing = [unknown.offset for unknown in self._decoder.unknown(batch)]
        return self._decoder.decode(batch.take(np.flatnonzero(~np.isin(batch.offsets, missing))))
