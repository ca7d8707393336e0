"""The reading half of a projector: polls, decodes, and knows how far it has read.

It is always ahead of what is committed, and is sent back to it after any error.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from domain.positions import Position
from projections.checkpoints import Checkpoint, CheckpointMove, TopicPartition, moves_between
from projections.decoding import BatchDecoder, known_at
from projections.ports import RecordSource, Rejected, Vocabulary
from schemas.records import RecordBatch

RETRY_S: Final = 1.0
"""How often a record that means nothing yet is looked at again."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction brings into the tables; `first` is the position of its first record, if it has any."""

    moves: tuple[CheckpointMove, ...]
    pieces: tuple[pa.RecordBatch, ...]
    rejected: tuple[Rejected, ...]
    first: Position | None
    records: int


class Intake:
    """Reads a projection's topics in batches.

    A partition whose next record means nothing yet (unknown schema id, unknown profile) waits before that record
    and is looked at again every RETRY_S; the others go on.
    """

    def __init__(
        self, source: RecordSource, decoder: BatchDecoder, vocabulary: Vocabulary, clock: Callable[[], float]
    ) -> None:
        self._source = source
        self._decoder = decoder
        self._vocabulary = vocabulary
        self._clock = clock
        self._reached: dict[TopicPartition, Checkpoint] = {}
        self._waiting: dict[TopicPartition, str] = {}
        self._retry_at_s = clock()

    def go_to(self, checkpoints: Iterable[Checkpoint]) -> None:
        """Read on from `checkpoints`, whatever was read before."""
        self._reached = {checkpoint.where: checkpoint for checkpoint in checkpoints}
        self._waiting.clear()
        self._seek()

    def waiting(self) -> Mapping[Position, str]:
        """Return the records that mean nothing yet, with the reason."""
        waiting = tuple(self._waiting.items())  # asked from other threads, so from a copy
        return {where.at(self._reached[where].next_offset): cause for where, cause in waiting}

    def take(self, limit: int) -> Batch:
        """Poll and decode at most `limit` records.

        Raises:
            LogUnavailable, LogIsNotTheOneProjected: as the source does.
        """
        self._retry_waiting()
        polled = self._source.poll(limit)
        before = [self._reached[where] for where in sorted(self._reached)]
        waiting_before = set(self._waiting)
        pieces: list[pa.RecordBatch] = []
        rejected: list[Rejected] = []
        for records in polled.batches:
            self._decode(records, pieces, rejected)
        for where, end_offset in polled.ends.items():
            if where not in self._waiting:
                self._reached[where] = self._reached[where].at_end(end_offset)
        if set(self._waiting) != waiting_before:
            self._retry_at_s = self._clock() + RETRY_S
            self._seek()
        return Batch(
            moves_between(before, [self._reached[checkpoint.where] for checkpoint in before]),
            tuple(pieces),
            tuple(rejected),
            next((Position(b.topic, b.partition, int(b.offsets[0])) for b in polled.batches), None),
            sum(map(len, polled.batches)),
        )

    def _decode(self, records: RecordBatch, pieces: list[pa.RecordBatch], rejected: list[Rejected]) -> None:
        where = TopicPartition(records.topic, records.partition)
        known_us = known_at(records.appended_at_us, self._reached[where].known_at_us)
        done = self._decoder.decode_until_unknown(records, known_us)
        for piece in done.pieces:
            rejected.extend(piece.rejected)
            if piece.rows.num_rows:
                pieces.append(piece.rows)
        if done.records:
            self._reached[where] = self._reached[where].after(
                records, done.records, known_at_us=int(known_us[done.records - 1])
            )
        if done.cause is not None:
            self._waiting[where] = done.cause

    def _retry_waiting(self) -> None:
        if self._waiting and self._clock() >= self._retry_at_s:
            self._vocabulary.refresh()
            self._waiting.clear()
            self._seek()

    def _seek(self) -> None:
        self._source.seek({where: at.next_offset for where, at in self._reached.items() if where not in self._waiting})
