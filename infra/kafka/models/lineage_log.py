"""The log as whoever follows an old verdict back reads it, on Kafka.

Verdicts are found by the bytes of their id, before anything is decoded: the read models, which may be wrong or gone,
only say where to look first.
"""

from collections.abc import Iterable, Iterator
from typing import Final
from uuid import UUID

from domain.anomalies import AnomalyDetected
from domain.models import ModelArtifactStored
from domain.positions import Position
from domain.promotion import ModelEvent
from domain.readings import moment_of
from domain.scoring import ReadingsScored, ScoringModelChanged
from domain.topics import ANOMALY_EVENTS, MODEL_ARTIFACTS, MODEL_EVENTS
from infra.kafka.client.clients import partitions_of
from infra.kafka.client.ends import LogEnds
from infra.kafka.client.log_range import read_to_end
from infra.kafka.meaning.contracts import ContractsFollower
from infra.kafka.meaning.control_topic import control_records
from infra.kafka.scoring.history import KafkaScoringHistory
from ml.lineage.ports import LoggedModelNews, LoggedVerdict, StoredBytes
from schemas.codec import decode
from schemas.contracts import UnknownSchemaId
from schemas.records import RecordBatch
from schemas.wire import BadRecord, schema_id_of

_AT_ONCE: Final = 2000
"""Offsets looked at backwards first: between two snapshots lie some thousand ledger records."""

_DECISIONS: Final = frozenset({"ReadingsScored", "ScoringModelChanged"})


class KafkaLineageLog(KafkaScoringHistory):
    """The LineageLog of one cluster."""

    def __init__(self, bootstrap: str, contracts: ContractsFollower) -> None:
        super().__init__(bootstrap, contracts.contracts)
        self._cluster: Final = bootstrap
        self._known: Final = contracts

    def verdict(self, event_id: UUID, *, near: Position | None) -> LoggedVerdict | None:
        """Return the first live verdict of that id, looked for at `near` first. See `LineageLog`."""
        if near is not None and near.topic == ANOMALY_EVENTS and near.partition in partitions_of(ANOMALY_EVENTS):
            record = self.record(near)
            if record is not None and (found := self._verdict_in(record, event_id)):
                return found
        for partition in partitions_of(ANOMALY_EVENTS):
            for batch in read_to_end(self._cluster, ANOMALY_EVENTS, partition):
                if found := self._verdict_in(batch, event_id):
                    return found
        return None

    def record(self, position: Position) -> RecordBatch | None:
        """Return the one record of a position; None when none is there."""
        place = (position.topic, position.partition)
        end = LogEnds(self._cluster).written([place])[place]
        below = min(position.offset + 1, end)
        return next(
            iter(read_to_end(self._cluster, *place, start=position.offset, end=below)),
            None,
        )

    def ledger(self, verdict: Position, *, reading: Position) -> ReadingsScored | None:
        """Return the ledger record that speaks of a reading, written in the transaction of its verdict."""
        for batch in read_to_end(self._cluster, verdict.topic, verdict.partition, start=verdict.offset):
            for value in batch.values:
                if self._event_of(value) != "ReadingsScored":
                    continue
                event = decode(value, self._known.contracts)
                assert isinstance(event, ReadingsScored)  # noqa: S101 - the id says so
                if event.source_partition == reading.partition and event.next_offset > reading.offset:
                    return event if event.from_offset <= reading.offset else None
        return None

    def decisions_before(self, verdict: Position) -> Iterator[ReadingsScored | ScoringModelChanged]:
        """Yield ledger records and changes of model of the verdict's partition, from the verdict back to the start."""
        values = self._values_backwards(verdict.topic, verdict.partition, below=verdict.offset, first_look=_AT_ONCE)
        for _, value in values:
            if self._event_of(value) in _DECISIONS:
                event = decode(value, self._known.contracts)
                assert isinstance(event, ReadingsScored | ScoringModelChanged)  # noqa: S101 - the id says so
                yield event

    def model_news(self) -> Iterable[LoggedModelNews]:
        """Return all events of model-events, in order."""
        for record in control_records(self._cluster, MODEL_EVENTS, self._known.contracts):
            if isinstance(record.event, ModelEvent):
                yield LoggedModelNews(event=record.event, position=record.position, appended_at=record.appended_at)

    def stored(self, artifact_sha256: str) -> StoredBytes | None:
        """Return what is stored under a hash, unverified; None when it is not there whole."""
        chunks: dict[int, ModelArtifactStored] = {}
        for batch in read_to_end(self._cluster, MODEL_ARTIFACTS, 0):
            for key, value in zip(batch.keys, batch.values, strict=True):
                if key != artifact_sha256.encode():
                    continue
                try:
                    event = decode(value, self._known.contracts)
                except (BadRecord, UnknownSchemaId):
                    continue
                if isinstance(event, ModelArtifactStored):
                    chunks[event.chunk] = event
                    if len(chunks) == event.chunks:
                        content = b"".join(chunks[index].content for index in sorted(chunks))
                        return StoredBytes(format=event.format, content=content)
        return None

    def _verdict_in(self, batch: RecordBatch, event_id: UUID) -> LoggedVerdict | None:
        sought = str(event_id).encode()
        for place, value in enumerate(batch.values):
            if value is None or sought not in value or self._event_of(value) != "AnomalyDetected":
                continue
            event = decode(value, self._known.contracts)
            if isinstance(event, AnomalyDetected) and event.event_id == event_id:
                return LoggedVerdict(
                    event=event,
                    position=Position(batch.topic, batch.partition, int(batch.offsets[place])),
                    appended_at=moment_of(int(batch.appended_at_us[place])),
                )
        return None

    def _event_of(self, value: bytes | None) -> str | None:
        """Return the event a record holds, by its id alone; None when it names no id."""
        try:
            schema_id = schema_id_of(value)
        except BadRecord:
            return None
        try:
            return self._known.contracts.event(schema_id)
        except UnknownSchemaId:
            self._known.refresh()
            return self._known.contracts.event(schema_id)
