"""Waiting until the scorer says that it judges with a model."""

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Final

from confluent_kafka import TopicPartition

from domain.models import ModelRef
from domain.scoring import ScoringModelChanged
from domain.topics import ANOMALY_EVENTS
from infra.kafka.client.clients import consumer
from infra.kafka.client.ends import LogEnds, Place
from infra.kafka.client.messages import split
from infra.sources.train_first import NotInForce
from schemas.codec import decode
from schemas.contracts import Contracts
from schemas.wire import schema_id_of

PATIENCE_S: Final = 60.0
"""A scorer takes a promotion in before its next transaction; one that starts first takes its partitions."""

_EVENT: Final = ScoringModelChanged.__name__


class KafkaInForce:
    """Follows anomaly-events; see `InForce`."""

    def __init__(self, bootstrap: str, contracts: Contracts, *, patience_s: float = PATIENCE_S) -> None:
        self._bootstrap = bootstrap
        self._contracts = contracts
        self._patience_s = patience_s

    def watch(self, partitions: frozenset[int]) -> Callable[[ModelRef], None]:
        """Return what waits for a model from the topic's end now. See `InForce`."""
        # A partition of anomaly-events carries what is said of the same partition of the readings.
        ends = LogEnds(self._bootstrap).written((ANOMALY_EVENTS, partition) for partition in partitions)
        return lambda model: self._wait(model, ends)

    def _wait(self, model: ModelRef, starts: Mapping[Place, int]) -> None:
        client = consumer(self._bootstrap, fetch_wait_max_ms=50)
        missing = {partition for _, partition in starts}
        deadline = monotonic() + self._patience_s
        try:
            client.assign([TopicPartition(*place, start) for place, start in starts.items()])
            while missing:
                records, _ = split(client.consume(5000, timeout=0.1))
                for record in records:
                    missing.discard(self._partition_judged(record.value(), model))
                if missing and monotonic() > deadline:
                    raise NotInForce(
                        f"no scorer judges with {model} in partitions {sorted(missing)} after {self._patience_s:g} s: "
                        "is one running? telltale status"
                    )
        finally:
            client.close()

    def _partition_judged(self, value: bytes | None, model: ModelRef) -> int:
        """Return the partition of readings that a record says is judged by `model`, −1 when it says nothing of it."""
        if self._contracts.event(schema_id_of(value)) != _EVENT:
            return -1
        event = decode(value, self._contracts)
        assert isinstance(event, ScoringModelChanged)  # noqa: S101 - its schema id says so
        return event.source_partition if event.model == model else -1
