"""model-events with their places and times, and the bytes behind them: what the mirror follows."""

from collections.abc import Iterator
from typing import Final

from confluent_kafka import TopicPartition

from domain.logged_models import LoggedModelEvent
from domain.positions import Position
from domain.promotion import ModelEvent
from domain.readings import moment_of
from domain.topics import MODEL_EVENTS
from infra.kafka.client.clients import consumer
from infra.kafka.client.ends import LogEnds, Place
from infra.kafka.client.log_range import read_to_end
from infra.kafka.client.messages import batch_of, split
from infra.kafka.meaning.contracts import ContractsFollower
from infra.kafka.models.model_log import read_artifact
from schemas.codec import Event, decode
from schemas.contracts import UnknownSchemaId
from schemas.records import RecordBatch


class KafkaModelEvents:
    """The ModelEvents of one cluster."""

    def __init__(self, bootstrap: str, contracts: ContractsFollower) -> None:
        self._bootstrap: Final = bootstrap
        self._contracts: Final = contracts
        self._place: Final[Place] = (MODEL_EVENTS, 0)
        self._client: Final = consumer(bootstrap, fetch_wait_max_ms=100)
        self._position: int | None = None

    def news(self, timeout_s: float) -> Iterator[LoggedModelEvent]:
        """Yield what has been appended since the last call, in order; waits up to `timeout_s` for the first.

        The first call yields everything up to the end the broker sees: a part of a line would look like another line.
        """
        if self._position is None:
            end = LogEnds(self._bootstrap).written([self._place])[self._place]
            for batch in read_to_end(self._bootstrap, *self._place, end=end):
                yield from self._logged(batch)
            self._position = end
            self._client.assign([TopicPartition(*self._place, end)])
            return
        records, _ = split(self._client.consume(1000, timeout=timeout_s))
        if records:
            yield from self._logged(batch_of(self._place, records))

    def content(self, artifact_sha256: str) -> bytes:
        """Return a model's bytes."""
        return read_artifact(self._bootstrap, self._contracts.contracts, artifact_sha256)[1]

    def _logged(self, batch: RecordBatch) -> Iterator[LoggedModelEvent]:
        for place, value in enumerate(batch.values):
            event = self._decode(value)
            if isinstance(event, ModelEvent):
                yield LoggedModelEvent(
                    event=event,
                    position=Position(batch.topic, batch.partition, int(batch.offsets[place])),
                    appended_at=moment_of(int(batch.appended_at_us[place])),
                )

    def _decode(self, value: bytes | None) -> Event:
        try:
            return decode(value, self._contracts.contracts)
        except UnknownSchemaId:
            self._contracts.refresh()
            return decode(value, self._contracts.contracts)
