"""Readings into the log by the hundred thousand a second: idempotent, in order, acknowledged by all replicas."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

import pyarrow as pa
from confluent_kafka import KafkaError, KafkaException, Message

from domain.appending import LogFull, ReadingsNotAppended
from domain.topics import SENSOR_EVENTS
from infra.kafka.client.clients import producer
from infra.kafka.client.partitioning import partition_in
from infra.log_disk import DiskNearlyFull, LogDisk
from schemas.contracts import Contracts
from schemas.encoder import encode_readings

MOST_UNDER_WAY: Final = 200_000
"""Readings handed to the client and not yet acknowledged; the client's own queue is larger, so it never refuses one,
which would let later readings of a machine overtake it."""

ACKNOWLEDGED_WITHIN_S: Final = 180.0
"""Longer than a broker needs that was killed on a busy machine, and than it stands still for a backup."""


class ReadingAppender:
    """Appends readings under their machine's key; a context manager that flushes when left without an error."""

    def __init__(self, bootstrap: str, contracts: Contracts, disk: LogDisk | None = None) -> None:
        self._disk = disk
        self._contracts = contracts
        self._failure: str | None = None
        self._bootstrap = bootstrap
        self._producer = producer(
            bootstrap,
            linger_ms=5,
            batch_size=1_000_000,
            queue_buffering_max_messages=MOST_UNDER_WAY * 2,
            queue_buffering_max_kbytes=1_000_000,
            delivery_timeout_ms=int(ACKNOWLEDGED_WITHIN_S * 1000),
            delivery_report_only_error=True,
        )

    def append(self, table: pa.RecordBatch) -> None:
        """Hand over readings; waits while too many are under way. See `ReadingSink`."""
        self._require_room()
        self._wait_until_below(MOST_UNDER_WAY)
        for start in range(0, len(table), MOST_UNDER_WAY):
            part = table.slice(start, MOST_UNDER_WAY)
            self._queue(part)
            self._wait_until_below(MOST_UNDER_WAY)

    def append_labelled(self, table: pa.RecordBatch, headers: Mapping[str, str]) -> None:
        """Hand over a few readings with headers, in order after all handed over before."""
        keys = table.column("machine_id").to_pylist()
        for key, value in zip(keys, encode_readings(table, self._contracts), strict=True):
            self.append_bytes(key, value, headers)

    def append_bytes(self, key: str, value: bytes, headers: Mapping[str, str]) -> None:
        """Hand over one record as it is, readable or not."""
        self._wait_until_below(MOST_UNDER_WAY)
        told: list[tuple[str, str | bytes | None]] = [(name, text.encode()) for name, text in headers.items()]
        try:
            self._producer.produce(
                SENSOR_EVENTS,
                value,
                key.encode(),
                partition_in(SENSOR_EVENTS, key.encode()),
                headers=told,
                on_delivery=self._not_delivered,
            )
        except (BufferError, KafkaException) as error:
            raise self._refused(str(error)) from error

    def _require_room(self) -> None:
        try:
            if self._disk is not None:
                self._disk.require_room()
        except DiskNearlyFull as full:
            self.flush()
            raise LogFull(str(full)) from full

    def flush(self) -> None:
        """Return once everything is acknowledged. See `ReadingSink`."""
        self._wait_until_below(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.flush()

    def _queue(self, table: pa.RecordBatch) -> None:
        keys = table.column("machine_id").cast(pa.binary()).to_pylist()
        values = encode_readings(table, self._contracts)
        records: list[dict[str, Any]] = [
            {"key": key, "value": value, "partition": partition_in(SENSOR_EVENTS, key)}
            for key, value in zip(keys, values, strict=True)
        ]
        try:
            queued = self._producer.produce_batch(SENSOR_EVENTS, records, on_delivery=self._not_delivered)
        except (BufferError, KafkaException) as error:
            raise self._refused(str(error)) from error
        if queued != len(records):
            reason = next((str(record["_error"]) for record in records if "_error" in record), "its queue is full")
            raise self._refused(reason)

    def _wait_until_below(self, count: int) -> None:
        while len(self._producer) >= count:
            self._poll(0.05)
        self._poll(0)

    def _poll(self, timeout_s: float) -> None:
        try:
            self._producer.poll(timeout_s)
        except (KafkaException, SystemError) as error:
            # A fatal error is raised in the midst of the reports of the records it hit: then it is a cause.
            cause = error.__cause__ if isinstance(error, SystemError) else error
            if not isinstance(cause, KafkaException):
                raise
            raise self._refused(str(cause)) from error
        self._check()

    def _check(self) -> None:
        if self._failure is not None:
            raise self._refused(self._failure)

    def _refused(self, reason: str) -> ReadingsNotAppended:
        return ReadingsNotAppended(f"Kafka at {self._bootstrap} did not take all readings: {reason}")

    def _not_delivered(self, error: KafkaError | None, _: Message) -> None:
        if error is not None and self._failure is None:
            self._failure = error.str()
