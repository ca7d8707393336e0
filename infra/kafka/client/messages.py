"""Messages as the client hands them over, turned into batches of records.

Method by method over all messages, never a Python loop over each: that would cost as much as decoding them.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from confluent_kafka import KafkaError, KafkaException, Message

from infra.kafka.client.ends import Place
from schemas.records import RecordBatch


def split(messages: Sequence[Any]) -> tuple[list[Any], dict[Place, int]]:
    """Return the records among polled messages, and the offset of each partition whose end was met.

    Raises:
        KafkaException: the client reports an error that it can't mend by itself.
    """
    errors = list(map(Message.error, messages))
    if not any(errors):
        return list(messages), {}
    records: list[Any] = []
    ends: dict[Place, int] = {}
    for message, error in zip(messages, errors, strict=True):
        if error is None:
            records.append(message)
        elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the library's public constant
            ends[message.topic(), message.partition()] = message.offset()
        elif error.fatal() or not error.retriable():
            raise KafkaException(error)
    return records, ends


def batches_of(records: Sequence[Any]) -> tuple[RecordBatch, ...]:
    """Return records as one batch per partition, in order of appearance; a partition's own order stays."""
    if not records:
        return ()
    numbers = np.fromiter(map(Message.partition, records), np.int32, len(records))
    topics = list(map(Message.topic, records))
    one_topic = topics.count(topics[0]) == len(topics)
    changes = np.flatnonzero(np.diff(numbers)) + 1 if one_topic else range(1, len(records))
    found: dict[Place, list[Any]] = {}
    for start, end in pairwise([0, *changes, len(records)]):
        found.setdefault((topics[start], int(numbers[start])), []).extend(records[start:end])
    return tuple(batch_of(place, held) for place, held in found.items())


def batch_of(place: Place, records: Sequence[Any]) -> RecordBatch:
    """Return records of one partition as a batch."""
    count = len(records)
    return RecordBatch(
        place[0],
        place[1],
        np.fromiter(map(Message.offset, records), np.int64, count),
        np.fromiter((stamp for _, stamp in map(Message.timestamp, records)), np.int64, count) * 1000,
        list(map(Message.key, records)),
        list(map(Message.value, records)),
        _Headers(records),
    )


class _Headers(Sequence[Sequence[tuple[str, bytes | None]]]):
    """Headers of records, asked for one record at a time: those of ordinary records interest nobody."""

    def __init__(self, records: Sequence[Any]) -> None:
        self._records = records

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, row: Any) -> Any:
        return self._records[row].headers() or ()
