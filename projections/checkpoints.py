"""How far a read model has read: one checkpoint per partition of the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from zlib import crc32

from domain.positions import Position
from schemas.records import RecordBatch


@dataclass(frozen=True, slots=True, order=True)
class TopicPartition:
    """One partition of one topic."""

    topic: str
    partition: int

    def at(self, offset: int) -> Position:
        """Return the position of an offset in it."""
        return Position(self.topic, self.partition, offset)

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a build has applied of one partition: everything below `next_offset`.

    `last_offset` and `last_crc` are of the last record read, None before the first: by them a log that was
    reset or restored is told from the one projected. `known_at_us` is the largest time of appending so far,
    in microseconds since 1970 UTC.
    """

    where: TopicPartition
    topic_id: str
    next_offset: int
    last_offset: int | None = None
    last_crc: int | None = None
    known_at_us: int | None = None

    def after(self, batch: RecordBatch, records: int, *, known_at_us: int) -> Self:
        """Return the checkpoint after the first `records` of `batch`, one at least."""
        last = int(batch.offsets[records - 1])
        crc = record_crc(batch.keys[records - 1], batch.values[records - 1])
        return type(self)(
            where=self.where,
            topic_id=self.topic_id,
            next_offset=last + 1,
            last_offset=last,
            last_crc=crc,
            known_at_us=known_at_us,
        )

    def at_end(self, end_offset: int) -> Self:
        """Return the checkpoint at the partition's end, past the transaction markers that hold no record."""
        return type(self)(
            where=self.where,
            topic_id=self.topic_id,
            next_offset=max(self.next_offset, end_offset),
            last_offset=self.last_offset,
            last_crc=self.last_crc,
            known_at_us=self.known_at_us,
        )


@dataclass(frozen=True, slots=True)
class CheckpointMove:
    """One step of one partition's checkpoint; holds only while the stored one is still at `expected`."""

    expected: int
    to: Checkpoint


def moves_between(before: Sequence[Checkpoint], after: Sequence[Checkpoint]) -> tuple[CheckpointMove, ...]:
    """Return the moves from `before` to `after`, pairwise; a checkpoint that stays makes none."""
    return tuple(
        CheckpointMove(expected=old.next_offset, to=new)
        for old, new in zip(before, after, strict=True)
        if old.next_offset != new.next_offset
    )


def record_crc(key: bytes | None, value: bytes | None) -> int:
    """Return the CRC-32 of a record's key and value: enough to tell two logs apart, not to prove one equal."""
    return crc32(value or b"", crc32(key or b""))
