"""Reading stretches of several partitions at once, with clients that are kept: for looks that recur every second."""

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from confluent_kafka import Consumer, TopicPartition

from infra.kafka.client.clients import LogNotReachable, consumer, reachable
from infra.kafka.client.ends import Place
from infra.kafka.client.messages import split

COMMITTED: Final = "read_committed"
UNCOMMITTED: Final = "read_uncommitted"

Stretches = Mapping[Place, tuple[int, int]]
"""Half-open ranges of offsets, none of them empty."""

_STALLED_S: Final = 10.0
"""Records that are there come within this time, also on a machine that is busy with everything else."""


class StretchReader:
    """Reads records of one cluster; used by one thread at a time."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap: Final = bootstrap
        self._clients: Final[dict[str, Consumer]] = {}

    def close(self) -> None:
        """Leave the broker; the next reading meets it anew."""
        while self._clients:
            self._clients.popitem()[1].close()

    def records(self, stretches: Stretches, isolation: str, *, only_first: bool = False) -> Iterator[Any]:
        """Yield the records of several stretches, those of one in order."""
        if not stretches:
            return
        client = self._client_of(isolation)
        waiting, moved_at = dict(stretches), time.monotonic()
        done: set[Place] = set()
        client.assign([TopicPartition(*place, start) for place, (start, _) in stretches.items()])
        try:
            while waiting:
                records, ends = split(client.consume(500, timeout=0.05))
                reached = dict(ends)
                moved_at = time.monotonic() if records or ends else moved_at
                for message in records:
                    place = (message.topic(), message.partition())
                    if place not in waiting or place in done:
                        continue
                    end = waiting[place][1]
                    if message.offset() < end:
                        yield message
                    if only_first:
                        done.add(place)
                    # An end that came together with the record is further than it.
                    reached[place] = max(reached.get(place, 0), end if only_first else message.offset() + 1)
                for place, at in reached.items():
                    if place in waiting and at >= waiting[place][1]:
                        del waiting[place]
                if waiting and time.monotonic() - moved_at > _STALLED_S:
                    told = ", ".join(f"{topic}/{number}" for topic, number in waiting)
                    raise LogNotReachable(self._bootstrap, f"nothing more of {told} within {_STALLED_S:g} s")
        finally:
            client.unassign()

    def _client_of(self, isolation: str) -> Consumer:
        if isolation not in self._clients:
            client = consumer(
                self._bootstrap,
                fetch_wait_max_ms=10,
                isolation_level=isolation,
                # A backlog of gigabytes must not be fetched ahead to see how old it is.
                queued_max_messages_kbytes=2048,
                fetch_message_max_bytes=262_144,
            )
            reachable(client, self._bootstrap)  # a topic it has not heard of yet would be looked up a second later
            self._clients[isolation] = client
        return self._clients[isolation]
