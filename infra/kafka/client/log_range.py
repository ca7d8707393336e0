"""Reading a stretch of the log from beginning to end."""

from collections.abc import Iterator
from time import monotonic
from typing import Final

from confluent_kafka import Consumer, TopicPartition

from infra.kafka.client.clients import consumer
from infra.kafka.client.ends import LogEnds, Place
from infra.kafka.client.messages import batch_of, split
from schemas.records import RecordBatch

STALLED_AFTER_S: Final = 75.0
"""No progress below the end for this long: a dead writer's transaction has not been ended, or the broker is gone.
Longer than the broker lets anybody's transaction be open (transaction.max.timeout.ms, 60 s; ours 10 s)."""

_POLL_RECORDS: Final = 10_000
_POLL_S: Final = 0.02


class LogStalled(TimeoutError):
    """A stretch of the log that exists can't be read."""

    def __init__(self, place: Place, position: int, end: int) -> None:
        super().__init__(
            f"{place[0]}/{place[1]} can be read to offset {position} but ends at {end}, and nothing moved for "
            f"{STALLED_AFTER_S:g} s: a writer's transaction is open, or the broker is not answering"
        )


def read_to_end(
    bootstrap: str, topic: str, partition: int, *, start: int = 0, end: int | None = None
) -> Iterator[RecordBatch]:
    """Yield the committed records of a partition from `start` to `end` (default: its end now, as the broker sees it).

    An open transaction below the end is waited for, since a reader that stopped before it would see nothing of it
    and not know.

    Raises:
        LogNotReachable: no broker answers.
        LogStalled: nothing moved for STALLED_AFTER_S.
    """
    place = (topic, partition)
    end = LogEnds(bootstrap).written([place])[place] if end is None else end
    if start >= end:
        return
    # The end is told by an empty fetch, which the broker would hold back for half a second.
    client = consumer(bootstrap, fetch_wait_max_ms=10)
    try:
        yield from read_stretch(client, place, start, end)
    finally:
        client.close()


def read_stretch(client: Consumer, place: Place, start: int, end: int) -> Iterator[RecordBatch]:
    """Yield the committed records of a partition from `start` to `end` with a client that reads nothing else meanwhile.

    Whoever reads many stretches keeps one client: a new one needs as long to meet the broker as to read a thousand
    records. `client` reports ends (enable.partition.eof).

    Raises:
        LogStalled: nothing moved for STALLED_AFTER_S.
    """
    client.assign([TopicPartition(*place, start)])
    position, moved_at = start, monotonic()
    while position < end:
        records, ends = split(client.consume(_POLL_RECORDS, timeout=_POLL_S))
        kept = [message for message in records if message.offset() < end]
        if kept:
            yield batch_of(place, kept)
        reached = max([*(message.offset() + 1 for message in records), *ends.values(), position])
        if reached > position:
            position, moved_at = reached, monotonic()
        elif monotonic() - moved_at > STALLED_AFTER_S:
            raise LogStalled(place, position, end)
