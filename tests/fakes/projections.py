"""A log in memory for projections: records with offsets and times, read in whatever batches a test wants."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

import numpy as np
import pyarrow as pa

from domain.positions import Position
from domain.profiles import ProfileDefined
from domain.readings import microseconds
from domain.topics import TOPICS
from projections.checkpoints import Checkpoint, CheckpointMove, TopicPartition, record_crc
from projections.ports import LogPartition, Polled, Rejected, StorageRefused
from schemas.codec import Event, encode
from schemas.contracts import Contracts
from schemas.records import RecordBatch
from tests.builders import NOON, published_contracts

TOPIC_ID = "first-topic-id"


@dataclass(frozen=True, slots=True)
class Record:
    """One record in a partition."""

    offset: int
    appended_at_us: int
    key: bytes | None
    value: bytes | None


@dataclass(slots=True)
class FakeLog:
    """Partitions that records are appended to; a marker takes an offset and holds nothing."""

    contracts: Contracts = field(default_factory=published_contracts)
    topic_id: str = TOPIC_ID
    records: dict[TopicPartition, list[Record]] = field(default_factory=dict)
    ends: dict[TopicPartition, int] = field(default_factory=dict)
    firsts: dict[TopicPartition, int] = field(default_factory=dict)

    def append(
        self,
        event: Event | bytes | None,
        *,
        topic: str = "sensor-events",
        partition: int = 0,
        key: str | None = None,
        appended_s: float | None = None,
    ) -> Position:
        """Append an event (or raw bytes) and return its position; by default a second after the one before."""
        where = TopicPartition(topic, partition)
        offset = self.ends.get(where, 0)
        at_us = microseconds(NOON) + int((offset if appended_s is None else appended_s) * 1_000_000)
        value = event if event is None or isinstance(event, bytes) else encode(event, self.contracts)
        named = key if key is not None else getattr(event, "machine_id", None)
        self.records.setdefault(where, []).append(Record(offset, at_us, named.encode() if named else None, value))
        self.ends[where] = offset + 1
        return Position(topic, partition, offset)

    def append_marker(self, topic: str, partition: int = 0) -> None:
        """Take an offset as the end of a transaction does."""
        where = TopicPartition(topic, partition)
        self.ends[where] = self.ends.get(where, 0) + 1

    def delete_below(self, offset: int, *, topic: str = "sensor-events", partition: int = 0) -> None:
        """Forget a partition's first records, as retention or an administrator does."""
        where = TopicPartition(topic, partition)
        self.records[where] = [record for record in self.records[where] if record.offset >= offset]
        self.firsts[where] = offset


class FakeRecordSource:
    """Reads a `FakeLog`; with a `Random`, in batches of random sizes from random partitions."""

    def __init__(self, log: FakeLog, chance: Random | None = None) -> None:
        self._log = log
        self._chance = chance
        self._next: dict[TopicPartition, int] = {}
        self.reported: dict[TopicPartition, int] = {}

    def partitions(self, topics: Sequence[str]) -> Sequence[LogPartition]:
        """Return all partitions of `topics`, sorted."""
        places = [TopicPartition(topic, number) for topic in topics for number in range(TOPICS[topic].partitions)]
        log = self._log
        return [LogPartition(at, log.topic_id, log.firsts.get(at, 0), log.ends.get(at, 0)) for at in sorted(places)]

    def crcs(self, offsets: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int | None]:
        """Return the CRC of the record at each offset."""
        found: dict[TopicPartition, int | None] = dict.fromkeys(offsets)
        for where, offset in offsets.items():
            for record in self._log.records.get(where, []):
                if record.offset == offset:
                    found[where] = record_crc(record.key, record.value)
        return found

    def seek(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Read these partitions, and only these, from these offsets on."""
        self._next = dict(offsets)

    def poll(self, limit: int) -> Polled:
        """Return at most `limit` records and the ends that were met."""
        places = list(self._next)
        if self._chance:
            self._chance.shuffle(places)
            limit = min(limit, self._chance.choice([1, 7, 50, 400]))
        batches, ends = [], {}
        for where in places:
            left = [record for record in self._log.records.get(where, []) if record.offset >= self._next[where]]
            count = min(limit, len(left))
            if self._chance and count:
                count = self._chance.randint(0, count)
            if count:
                batches.append(_batch(where, left[:count]))
                self._next[where] = left[count - 1].offset + 1
                limit -= count
            if count == len(left):
                ends[where] = self._log.ends.get(where, 0)
                self._next[where] = ends[where]
        return Polled(tuple(batches), ends)

    def report(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Remember what was reported."""
        self.reported = dict(offsets)

    def close(self) -> None:
        """Do nothing."""


@dataclass(slots=True)
class FakeVocabulary:
    """What records mean; `learns` joins it at the next refresh."""

    contracts: Contracts = field(default_factory=published_contracts)
    profiles: dict[str, ProfileDefined] = field(default_factory=dict)
    skipped: dict[Position, str] = field(default_factory=dict)
    learns: list[ProfileDefined] = field(default_factory=list)

    def refresh(self) -> None:
        """Take in what was learnt."""
        self.profiles.update({profile.ref: profile for profile in self.learns})
        self.learns.clear()


def _batch(where: TopicPartition, records: Sequence[Record]) -> RecordBatch:
    return RecordBatch(
        where.topic,
        where.partition,
        np.array([record.offset for record in records], np.int64),
        np.array([record.appended_at_us for record in records], np.int64),
        [record.key for record in records],
        [record.value for record in records],
        [()] * len(records),
    )


@dataclass(slots=True)
class FakeProjectionStore:
    """A build in memory: the offsets applied, in order; `troubles` are raised by the next openings, one each.

    It refuses machines called unstorable.
    """

    troubles: list[Exception] = field(default_factory=list)
    applied: list[int] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    stored: dict[TopicPartition, Checkpoint] = field(default_factory=dict)
    loaded: bool = False

    def open(self, partitions: Sequence[LogPartition]) -> Sequence[Checkpoint]:
        """Return the checkpoints, or raise the next trouble."""
        if self.troubles:
            raise self.troubles.pop(0)
        for at in partitions:
            new = Checkpoint(where=at.where, topic_id=at.topic_id, next_offset=at.first_offset)
            self.stored.setdefault(at.where, new)
        return [self.stored[where] for where in sorted(self.stored)]

    @contextmanager
    def transaction(self) -> Iterator["FakeProjectionTransaction"]:
        """Yield a transaction; what it did counts only when its block ends well."""
        transaction = FakeProjectionTransaction()
        yield transaction
        self.stored.update({move.to.where: move.to for move in transaction.moves})
        self.applied += transaction.offsets
        self.rejected += transaction.rejected

    def finish_load(self) -> None:
        """Be loaded."""
        self.loaded = True

    def close(self) -> None:
        """Do nothing."""


@dataclass(slots=True)
class FakeProjectionTransaction:
    """What one transaction would do."""

    moves: list[CheckpointMove] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def advance(self, moves: Sequence[CheckpointMove]) -> None:
        """Move checkpoints."""
        self.moves += moves

    def reject(self, rejected: Sequence[Rejected]) -> None:
        """Note records that are in no table."""
        self.rejected += rejected

    def apply(self, pieces: Sequence[pa.RecordBatch]) -> None:
        """Take rows; raises StorageRefused at the machine called unstorable."""
        for piece in pieces:
            if "unstorable" in piece.column("machine_id").to_pylist():
                raise StorageRefused("unstorable")
            self.offsets += piece.column("offset").to_pylist()
