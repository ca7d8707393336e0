"""What earlier scorers wrote: ledger, snapshots and the readings themselves, on Kafka.

Its clients are made once: a takeover asks for several stretches of every partition, and a client of its own for each
would take longer than all the reading.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Final

from confluent_kafka import Consumer

from domain.scoring import ReadingsScored, ScorerStateSaved
from domain.topics import ANOMALY_EVENTS, SCORER_STATE, SENSOR_EVENTS
from infra.kafka.client.clients import consumer, reachable
from infra.kafka.client.ends import LogEnds, Place
from infra.kafka.client.log_range import read_stretch
from ml.scoring.snapshots import whole_snapshots
from schemas.codec import Event, decode
from schemas.contracts import Contracts, UnknownSchemaId
from schemas.records import RecordBatch
from schemas.wire import BadRecord

_FIRST_LOOK: Final = 8
"""Offsets looked at from the end backwards at first; each further look takes four times as many. Few, since what is
looked for is nearly always last, and a ledger or a snapshot's chunk may be half a megabyte."""


class KafkaScoringHistory:
    """Reads backwards from the ends that the broker itself sees, so a dead writer's open transaction is waited for."""

    def __init__(self, bootstrap: str, contracts: Contracts) -> None:
        self._bootstrap: Final = bootstrap
        self._contracts: Final = contracts
        self._ends: Final = LogEnds(bootstrap)

    def newest_ledger(self, partition: int) -> ReadingsScored | None:
        """Return the newest ledger record; None when there is none."""
        source = (SENSOR_EVENTS, partition)
        for _, event in self._backwards(ANOMALY_EVENTS, partition):
            if isinstance(event, ReadingsScored) and (event.source_topic, event.source_partition) == source:
                return event
        return None

    def snapshots(self, partition: int) -> Iterator[Sequence[ScorerStateSaved]]:
        """Yield complete snapshots, newest first, each as its chunks in order."""
        events = (event for _, event in self._backwards(SCORER_STATE, partition))
        yield from whole_snapshots(event for event in events if isinstance(event, ScorerStateSaved))

    def records(self, partition: int, start: int, end: int) -> Iterator[RecordBatch]:
        """Yield the source partition's records from `start` to below `end`."""
        if start < end:
            yield from self._stretch(self._forwards, (SENSOR_EVENTS, partition), start, end)

    def topic_id(self) -> str:
        """Return the id of the source topic."""
        return self._topic_id

    def close(self) -> None:
        """Leave the broker."""
        for name in ("_forwards", "_looking_back"):
            if name in self.__dict__:
                self.__dict__.pop(name).close()

    @cached_property
    def _topic_id(self) -> str:
        return self._ends.topic_id(SENSOR_EVENTS)

    @cached_property
    def _forwards(self) -> Consumer:
        return self._client()

    @cached_property
    def _looking_back(self) -> Consumer:
        """A client of its own: a snapshot may be looked for while readings are being read."""
        return self._client()

    def _client(self) -> Consumer:
        client = consumer(self._bootstrap, fetch_wait_max_ms=10)
        reachable(client, self._bootstrap)  # a topic it has not heard of yet would be looked up a second later
        return client

    def _backwards(self, topic: str, partition: int) -> Iterator[tuple[int, Event]]:
        """Yield the committed events of a partition from its end to its beginning; what is none is passed over."""
        for offset, value in self._values_backwards(topic, partition):
            with suppress(BadRecord, UnknownSchemaId):  # somebody else's: our own are published before they are written
                yield offset, decode(value, self._contracts)

    def _values_backwards(
        self, topic: str, partition: int, *, below: int | None = None, first_look: int = _FIRST_LOOK
    ) -> Iterator[tuple[int, bytes | None]]:
        """Yield the committed records of a partition from `below` (default: its end) to its beginning."""
        place = (topic, partition)
        below = self._ends.written([place])[place] if below is None else below
        look = first_look
        while below > 0:
            start = max(0, below - look)
            stretch = [
                (offset, value)
                for batch in self._stretch(self._looking_back, place, start, below)
                for offset, value in zip(batch.offsets.tolist(), batch.values, strict=True)
            ]
            yield from reversed(stretch)
            below, look = start, look * 4

    @staticmethod
    def _stretch(client: Consumer, place: Place, start: int, end: int) -> Iterator[RecordBatch]:
        try:
            yield from read_stretch(client, place, start, end)
        finally:
            client.unassign()  # else it would go on reading ahead
