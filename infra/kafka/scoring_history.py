"""What earlier scorers wrote: ledger, snapshots and the readings themselves, on Kafka."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

from domain.scoring import ReadingsScored, ScorerStateSaved
from domain.topics import ANOMALY_EVENTS, SCORER_STATE, SENSOR_EVENTS
from infra.kafka.ends import LogEnds
from infra.kafka.reading import read_to_end
from schemas.codec import Event, decode
from schemas.contracts import Contracts
from schemas.records import RecordBatch

_FIRST_LOOK: Final = 512
"""Records looked at from the end backwards at first; each further look takes four times as many."""


class KafkaScoringHistory:
    """Reads backwards from the ends that the broker itself sees, so a dead writer's open transaction is waited for."""

    def __init__(self, bootstrap: str, contracts: Contracts) -> None:
        self._bootstrap = bootstrap
        self._contracts = contracts

    def newest_ledger(self, partition: int) -> ReadingsScored | None:
        """Return the newest ledger record; None when there is none."""
        for _, event in self._backwards(ANOMALY_EVENTS, partition):
            if isinstance(event, ReadingsScored) and event.source_topic == SENSOR_EVENTS:
                return event
        return None

    def snapshots(self, partition: int) -> Iterator[Sequence[ScorerStateSaved]]:
        """Yield complete snapshots, newest first, each as its chunks in order."""
        chunks: list[ScorerStateSaved] = []
        for _, event in self._backwards(SCORER_STATE, partition):
            if not isinstance(event, ScorerStateSaved):
                continue
            chunks.insert(0, event)
            if event.chunk == 0:
                yield tuple(chunks)
                chunks = []

    def records(self, partition: int, start: int, end: int) -> Iterator[RecordBatch]:
        """Yield the source partition's records from `start` to below `end`."""
        return read_to_end(self._bootstrap, SENSOR_EVENTS, partition, start=start, end=end)

    def topic_id(self) -> str:
        """Return the id of the source topic."""
        return self._topic_id

    @cached_property
    def _topic_id(self) -> str:
        return LogEnds(self._bootstrap).topic_id(SENSOR_EVENTS)

    def _backwards(self, topic: str, partition: int) -> Iterator[tuple[int, Event]]:
        """Yield the committed events of a partition from its end to its beginning."""
        below = LogEnds(self._bootstrap).written([(topic, partition)])[topic, partition]
        look = _FIRST_LOOK
        while below > 0:
            start = max(0, below - look)
            stretch = [
                (offset, value)
                for batch in read_to_end(self._bootstrap, topic, partition, start=start, end=below)
                for offset, value in zip(batch.offsets.tolist(), batch.values, strict=True)
            ]
            for offset, value in reversed(stretch):
                yield offset, decode(value, self._contracts)
            below, look = start, look * 4
