"""Polling one batch ahead: while a scorer works on one batch, the next comes in by a second thread.

Only while there is more than enough to read: a batch fetched too early is a small one, and delays what comes after.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from confluent_kafka import Consumer, KafkaException, Message

from schemas.records import RecordBatch

BATCH_RECORDS: Final = 10_000
"""At most in one transaction: larger ones gain little speed and delay the verdicts in them."""

AHEAD_FROM: Final = BATCH_RECORDS // 2
"""A batch of so many records says that the consumer's queue is full and the next may be fetched at once."""


@dataclass(frozen=True, slots=True)
class _Fetched:
    batches: tuple[RecordBatch, ...]
    records: int
    member: Any


class ReadAhead:
    """Reads one consumer; after `poll` its thread may be in the consumer until the next call here.

    The group's callbacks run in whichever thread polls. `member` is the group metadata taken after the poll that
    returned the newest batch, so that it belongs to the generation in which those partitions were this member's.
    """

    def __init__(self, client: Consumer) -> None:
        self._client = client
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
        self._ahead: Future[_Fetched] | None = None
        self._ready: _Fetched | None = None
        self._withheld: dict[int, RecordBatch] = {}
        self.member: Any = None

    def poll(self, timeout_s: float) -> Sequence[RecordBatch]:
        """Return new records, one batch per partition; () when none came in `timeout_s`.

        Raises:
            KafkaException: the client reports an error that it can't mend by itself.
        """
        fetched = self._settled() or self._fetch(timeout_s)
        self._ready = None
        self.member = fetched.member
        if fetched.records >= AHEAD_FROM:
            self._ahead = self._thread.submit(self._fetch, 0)
        return fetched.batches

    def forget(self) -> None:
        """Drop what was fetched and not yet returned; afterwards no thread is in the consumer."""
        self._settled()
        self._ready = None
        self._withheld.clear()

    def withhold(self, partition: int) -> None:
        """Return nothing that was fetched of this partition until `release`; the consumer must be paused already."""
        if (fetched := self._settled()) is None:
            return
        self._withheld.update({batch.partition: batch for batch in fetched.batches if batch.partition == partition})
        others = tuple(batch for batch in fetched.batches if batch.partition != partition)
        self._ready = _Fetched(others, sum(map(len, others)), fetched.member)

    def release(self, partition: int) -> None:
        """Let the next poll return what was withheld of this partition; the consumer must be resumed only then."""
        if (batch := self._withheld.pop(partition, None)) is None:
            return
        fetched = self._settled() or _Fetched((), 0, self.member)
        self._ready = _Fetched((*fetched.batches, batch), fetched.records + len(batch), fetched.member)

    def close(self) -> None:
        """End the thread."""
        self.forget()
        self._thread.shutdown()

    def _settled(self) -> _Fetched | None:
        """Return what was fetched and not yet returned, having waited for the fetch under way."""
        if self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            self._ready = ahead.result()
        return self._ready

    def _fetch(self, timeout_s: float) -> _Fetched:
        messages = self._client.consume(BATCH_RECORDS, timeout=0)
        if not messages and timeout_s:
            first = self._client.poll(timeout_s)
            # consume() waits for its whole count; with the first record in hand it only empties the queue.
            messages = [] if first is None else [first, *self._client.consume(BATCH_RECORDS - 1, timeout=0)]
        errors = list(map(Message.error, messages))
        if any(errors):
            for error in filter(None, errors):
                if error.fatal() or not error.retriable():
                    raise KafkaException(error)
            messages = [message for message, error in zip(messages, errors, strict=True) if error is None]
        return _Fetched(_by_partition(messages), len(messages), self._client.consumer_group_metadata())


class _Headers(Sequence[Sequence[tuple[str, bytes | None]]]):
    """Headers of records, asked for one record at a time: ordinary records' headers are of no interest."""

    def __init__(self, records: Sequence[Message]) -> None:
        self._records = records

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, row: Any) -> Any:
        return self._records[row].headers() or ()


def _by_partition(records: Sequence[Message]) -> tuple[RecordBatch, ...]:
    """Return records as one batch per partition; a partition's own order stays."""
    if not records:
        return ()
    # Method by method over all records: a Python loop over each record would cost as much as decoding them.
    numbers = np.fromiter(map(Message.partition, records), np.int32, len(records))
    borders = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(records)]
    found: dict[int, list[Message]] = {}
    for start, end in pairwise(borders):
        found.setdefault(int(numbers[start]), []).extend(records[start:end])
    return tuple(_batch_of(partition, held) for partition, held in found.items())


def _batch_of(partition: int, records: Sequence[Message]) -> RecordBatch:
    count = len(records)
    return RecordBatch(
        str(records[0].topic()),
        partition,
        np.fromiter(map(Message.offset, records), np.int64, count),
        np.fromiter((stamp for _, stamp in map(Message.timestamp, records)), np.int64, count) * 1000,
        list(map(Message.key, records)),
        list(map(Message.value, records)),
        _Headers(records),
    )
