"""Following a control topic: all its events up to now, then whatever comes."""

from collections.abc import Iterator

from confluent_kafka import TopicPartition

from infra.kafka.client.clients import consumer
from infra.kafka.client.ends import LogEnds, Place
from infra.kafka.client.log_range import read_to_end
from infra.kafka.client.messages import batch_of, split
from schemas.codec import Event, decode
from schemas.contracts import Contracts
from schemas.records import RecordBatch


class ControlFollower:
    """Reads one control topic in order; `position` is the next offset it has not yet given out.

    `catch_up` reads to the end that the broker sees, waiting for open transactions; `news` returns what has come
    since without waiting.
    """

    def __init__(self, bootstrap: str, topic: str, contracts: Contracts) -> None:
        self._bootstrap = bootstrap
        self._place: Place = (topic, 0)
        self._contracts = contracts
        self._client = consumer(bootstrap, fetch_wait_max_ms=100)
        self._assigned = False
        self.position = 0

    def catch_up(self) -> Iterator[tuple[int, Event]]:
        """Yield offset and event of everything up to the end of the topic now.

        Raises:
            LogNotReachable: no broker answers.
            LogStalled: a transaction stays open below the end.
        """
        end = LogEnds(self._bootstrap).written([self._place])[self._place]
        for batch in read_to_end(self._bootstrap, self._place[0], 0, start=self.position, end=end):
            yield from self._events(batch)
        self.position = max(self.position, end)

    def news(self, timeout_s: float = 0.0) -> Iterator[tuple[int, Event]]:
        """Yield offset and event of what has come since; waits up to `timeout_s` for the first."""
        if not self._assigned:
            self._client.assign([TopicPartition(*self._place, self.position)])
            self._assigned = True
        records, _ = split(self._client.consume(1000, timeout=timeout_s))
        if records:
            yield from self._events(batch_of(self._place, records))

    def _events(self, batch: RecordBatch) -> Iterator[tuple[int, Event]]:
        for offset, value in zip(batch.offsets.tolist(), batch.values, strict=True):
            yield offset, decode(value, self._contracts)
            self.position = offset + 1

    def close(self) -> None:
        """Leave the broker."""
        self._client.close()
