"""Looking at a topic as people do: its newest records, those from a moment on, one record, or whatever comes next."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import numpy as np
from confluent_kafka import KafkaException, TopicPartition

from domain.positions import Position
from domain.topics import TOPICS
from infra.kafka.client.clients import CONNECT_TIMEOUT_S, LogNotReachable, consumer, partitions_of
from infra.kafka.client.ends import LogEnds, Place
from infra.kafka.client.log_range import read_to_end
from infra.kafka.client.messages import batch_of, split
from infra.kafka.client.partitioning import partition_of
from infra.kafka.meaning.contracts import ContractsFollower
from infra.kafka.meaning.decoded import DecodedRecord, RecordReader
from schemas.records import RecordBatch

_FIRST_LOOK: Final = 100
"""Offsets looked back per partition at first; eight times as many each time too few records are found."""

Starts = Mapping[Place, int]


class LogView:
    """One topic, all of it or the records of one key; committed records only."""

    def __init__(self, bootstrap: str, topic: str, *, key: str | None = None) -> None:
        self._bootstrap = bootstrap
        self._key = None if key is None else key.encode()
        self._ends = LogEnds(bootstrap)
        self._reader = RecordReader(ContractsFollower(bootstrap))
        partitions = partitions_of(topic) if key is None else [partition_of(key, TOPICS[topic].partitions)]
        self._places: Sequence[Place] = [(topic, partition) for partition in partitions]

    def newest(self, count: int) -> tuple[list[DecodedRecord], Starts]:
        """Return the last `count` records in the order they were appended, and where what follows begins."""
        ends, firsts = self._ends.stable(self._places), self._ends.first(self._places)
        found: list[DecodedRecord] = []
        for place in self._places:
            start, back = ends[place], max(_FIRST_LOOK, count)
            records: list[DecodedRecord] = []
            while start > firsts[place] and len(records) < count:
                start, back = max(firsts[place], ends[place] - back), back * 8
                records = list(self._read(place, start, ends[place]))
            found.extend(records[-count:])
        return sorted(found, key=_appended)[-count:], ends

    def since(self, moment: datetime) -> Iterator[DecodedRecord]:
        """Yield the records from `moment` to the end, in the order they were appended."""
        starts, ends = self.starts_at(moment), self._ends.stable(self._places)
        yield from heapq.merge(
            *(self._read(place, starts[place], ends[place]) for place in self._places if starts[place] < ends[place]),
            key=_appended,
        )

    def starts_at(self, moment: datetime) -> Starts:
        """Return per partition the first offset appended at `moment` or later; the end when there is none yet."""
        milliseconds = int(moment.timestamp() * 1000)
        client = consumer(self._bootstrap)
        try:
            answers = client.offsets_for_times(
                [TopicPartition(*place, milliseconds) for place in self._places], timeout=CONNECT_TIMEOUT_S
            )
        except KafkaException as error:
            raise LogNotReachable(self._bootstrap, str(error)) from error
        finally:
            client.close()
        ends = self._ends.stable(self._places)
        return {
            (answer.topic, answer.partition): answer.offset
            if answer.offset >= 0
            else ends[answer.topic, answer.partition]
            for answer in answers
        }

    def at(self, position: Position) -> DecodedRecord | None:
        """Return the record at a position; None when no committed record stands there."""
        place = (position.topic, position.partition)
        ends = self._ends.stable([place])
        if position.offset >= ends[place] or position.offset < self._ends.first([place])[place]:
            return None
        return next(self._read(place, position.offset, position.offset + 1), None)

    def follow(self, starts: Starts) -> Iterator[DecodedRecord]:
        """Yield records from `starts` on as they are committed; never ends by itself."""
        client = consumer(self._bootstrap, fetch_wait_max_ms=100)
        try:
            client.assign([TopicPartition(*place, offset) for place, offset in starts.items()])
            while True:
                records, _ = split(client.consume(1000, timeout=0.2))
                for record in records:
                    yield from self._kept(batch_of((record.topic(), record.partition()), [record]))
        finally:
            client.close()

    def _read(self, place: Place, start: int, end: int) -> Iterator[DecodedRecord]:
        for batch in read_to_end(self._bootstrap, *place, start=start, end=end):
            yield from self._kept(batch)

    def _kept(self, batch: RecordBatch) -> Iterator[DecodedRecord]:
        if self._key is not None:
            batch = batch.take(np.array([row for row, key in enumerate(batch.keys) if key == self._key], np.intp))
        return self._reader.decode(batch)


def _appended(record: DecodedRecord) -> tuple[datetime, Position]:
    return record.appended_at, record.position
