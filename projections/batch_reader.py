"""The reading half of a projector: polls, decodes, and knows how far it has read.

It is always ahead of what is committed, and is sent back to it after any error.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from domain.positions import Position
from projections.batch_decoder import BatchDecoder, known_at
from projections.checkpoints import Checkpoint, CheckpointMove, TopicPartition, moves_between
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


class BatchReader:
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
        self._cut: Mapping[TopicPartition, int] = {}
        self._retry_at_s = clock()

    def cut_at(self, offsets: Mapping[TopicPartition, int]) -> None:
        """From the next `go_to` on take nothing at or behind these offsets; a partition not named has no cut."""
        self._cut = dict(offsets)

    def go_to(self, checkpoints: Iterable[Checkpoint]) -> None:
        """Read on from `checkpoints`, whatever was read before."""
        self._reached = {checkpoint.where: checkpoint for checkpoint in checkpoints}
        self._waiting.clear()
        self._seek()

    def is_before(self, offsets: Mapping[TopicPartition, int]) -> bool:
        """Return whether something below `offsets` is still to be taken."""
        return any(self._reached[where].next_offset < offset for where, offset in offsets.items())

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
        past_cut = False
        for records in polled.batches:
            where = TopicPartition(records.topic, records.partition)
            past_cut |= self._is_done(where)
            self._decode(self._before_cut(records), pieces, rejected)
            self._move_to(where, int(records.offsets[-1]))
        for where, end_offset in polled.ends.items():
            self._move_to(where, end_offset, is_end=True)
        if past_cut:
            self._seek()  # what lies behind a cut is not worth fetching
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

    def _before_cut(self, records: RecordBatch) -> RecordBatch:
        cut = self._cut.get(TopicPartition(records.topic, records.partition))
        if cut is None or int(records.offsets[-1]) < cut:
            return records
        return records.take(np.flatnonzero(records.offsets < cut))

    def _move_to(self, where: TopicPartition, seen: int, *, is_end: bool = False) -> None:
        """Move on to the partition's end, or to its cut once something at or behind it was `seen`.

        Only so is a cut reached before which stand transaction markers, that no poll ever shows.
        """
        if where in self._waiting:
            return
        cut = self._cut.get(where)
        if is_end:
            self._reached[where] = self._reached[where].at_end(seen if cut is None else min(seen, cut))
        elif cut is not None and seen >= cut:
            self._reached[where] = self._reached[where].at_end(cut)

    def _is_done(self, where: TopicPartition) -> bool:
        return where in self._cut and self._reached[where].next_offset >= self._cut[where]

    def _decode(self, records: RecordBatch, pieces: list[pa.RecordBatch], rejected: list[Rejected]) -> None:
        if not len(records):
            return
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
        self._source.seek(
            {
                where: at.next_offset
                for where, at in self._reached.items()
                if where not in self._waiting and not self._is_done(where)
            }
        )
