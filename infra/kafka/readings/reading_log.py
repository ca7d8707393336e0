"""Readings into the log a batch at a time, each answered with its position."""

from collections.abc import Sequence
from functools import partial
from threading import Lock
from time import monotonic
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from domain.appending import LogFull, ReadingsNotAppended
from domain.positions import Position
from domain.profiles import ProfileDefined
from domain.readings import SensorReadingRecorded
from domain.topics import SENSOR_EVENTS
from infra.kafka.client.clients import LogNotReachable, producer
from infra.kafka.client.log_range import LogStalled
from infra.kafka.client.partitioning import partition_in
from infra.kafka.decisions.profile_log import KafkaProfileLog
from infra.kafka.meaning.contracts import ContractsFollower
from infra.log_disk import DiskNearlyFull, LogDisk
from schemas.codec import encode
from schemas.contracts import ContractNotPublished

ANSWERED_WITHIN_S: Final = 10.0


class _Reports:
    """The broker's word on each record of a batch."""

    def __init__(self, count: int) -> None:
        self.positions: list[Position | None] = [None] * count
        self.failure: str | None = None
        self.missing = count

    def take(self, index: int, error: KafkaError | None, message: Message) -> None:
        """Take in the word on the record at `index`."""
        self.missing -= 1
        partition, offset = message.partition(), message.offset()
        if error is not None or partition is None or offset is None:
            self.failure = error.str() if error is not None else "it has no position"
        else:
            self.positions[index] = Position(SENSOR_EVENTS, partition, offset)


class KafkaReadingLog:
    """One idempotent producer for all requests of a service."""

    def __init__(
        self,
        bootstrap: str,
        contracts: ContractsFollower,
        disk: LogDisk | None = None,
        *,
        answered_within_s: float = ANSWERED_WITHIN_S,
    ) -> None:
        self._disk = disk
        self._contracts = contracts
        self._answered_within_s = answered_within_s
        self._producer: Producer = producer(bootstrap, linger_ms=2, delivery_timeout_ms=int(answered_within_s * 1000))
        self._queueing = Lock()

    def require_room(self) -> None:
        """Return if there is room on the log's disk. See `ReadingLog`."""
        try:
            if self._disk is not None:
                self._disk.require_room()
        except DiskNearlyFull as full:
            raise LogFull(str(full)) from full

    def append(self, readings: Sequence[SensorReadingRecorded]) -> Sequence[Position]:
        """Append readings and return their positions. See `ReadingLog`."""
        self.require_room()
        reports = _Reports(len(readings))
        values = self._encoded(readings)
        try:
            with self._queueing:  # so that two requests' readings of one machine don't mix
                for index, (reading, value) in enumerate(zip(readings, values, strict=True)):
                    self._producer.produce(
                        SENSOR_EVENTS,
                        key=reading.machine_id.encode(),
                        value=value,
                        partition=partition_in(SENSOR_EVENTS, reading.machine_id.encode()),
                        on_delivery=partial(reports.take, index),
                    )
        except (BufferError, KafkaException) as error:
            raise ReadingsNotAppended(f"the log did not take the readings: {error}") from error
        deadline = monotonic() + self._answered_within_s + 1
        while reports.missing and monotonic() < deadline:
            self._producer.poll(0.05)
        if reports.missing or reports.failure is not None:
            taken = len(readings) - reports.positions.count(None)
            raise ReadingsNotAppended(
                f"the log took {taken} of {len(readings)} readings: {reports.failure or 'no answer in time'}. "
                "The same request again is safe"
            )
        return [position for position in reports.positions if position is not None]

    def _encoded(self, readings: Sequence[SensorReadingRecorded]) -> list[bytes]:
        """Return the record values; looks for contracts that were published since this service began."""
        try:
            return [encode(reading, self._contracts.contracts) for reading in readings]
        except ContractNotPublished:
            try:
                self._contracts.refresh()
                return [encode(reading, self._contracts.contracts) for reading in readings]
            except (ContractNotPublished, LogNotReachable, LogStalled) as error:
                raise ReadingsNotAppended(str(error)) from error


class KafkaProfiles:
    """The profiles of the log, for a service that lives long."""

    def __init__(self, log: KafkaProfileLog) -> None:
        self._log = log
        self._known: dict[str, ProfileDefined] = {}
        self._refreshing = Lock()

    def known(self) -> dict[str, ProfileDefined]:
        """Return all that have been heard of. See `Profiles`."""
        return self._known

    def refresh(self) -> None:
        """Hear of those defined since. See `Profiles`."""
        with self._refreshing:
            try:
                self._known = {profile.ref: profile for profile in self._log.known()}
            except (LogNotReachable, LogStalled) as error:
                raise ReadingsNotAppended(str(error)) from error
