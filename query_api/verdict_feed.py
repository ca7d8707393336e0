"""One reader for all who watch the stream, so that viewers cost the database nothing and take no place of a GET."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from domain.positions import Position
from domain.topics import ANOMALY_EVENTS, DATA_PARTITIONS
from query_api.bodies.anomalies import Verdict
from query_api.errors import RequestRefused
from query_api.rendering import as_json
from query_api.routes.verdicts import READ_MODELS, VERDICTS, verdict
from query_api.store import ReadModelStore, Snapshot

POLL_S: Final = 0.2
"""Pause between two looks: a tenth of what people take to see a change, and 5 cheap statements a second."""

RETRY_S: Final = 1.0
"""Pause before the database is asked again."""

WAIT_S: Final = 2.0
"""A viewer looks this often whether the reader still lives."""

MOST_AT_ONCE: Final = 200

MOST_HELD: Final = 5_000
"""Verdicts held for viewers that are slower than the reader, about 5 MB; who falls further behind asks the database."""

NEWER: Final = (
    VERDICTS  # noqa: S608 - constants
    + """
    WHERE (partition, "offset") IN (
        SELECT newer.partition, newer."offset"
        FROM unnest(%(partitions)s::int[], %(offsets)s::bigint[]) AS seen (partition, "offset")
        CROSS JOIN LATERAL (
            SELECT anomalies.partition, anomalies."offset"
            FROM anomalies
            WHERE anomalies.partition = seen.partition
                AND anomalies."offset" > seen."offset"
            ORDER BY anomalies."offset"
            LIMIT %(limit)s
        ) AS newer
    )
    ORDER BY known_at, partition, "offset"
    LIMIT %(limit)s
"""
)

Seen = dict[int, int]
"""Partition to the last offset looked at there, -1 before the first."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no news just now."""

    words: str


@dataclass(frozen=True, slots=True)
class News:
    """A verdict that became readable, with its body as it is sent."""

    machine_id: str
    position: Position
    body: bytes

    @classmethod
    def of(cls, found: Verdict) -> "News":
        """Return the news of a verdict."""
        return cls(found.machine_id, Position.parse(found.position), as_json(found))


class VerdictFeed:
    """What is new among the verdicts, read once for everybody while anybody watches."""

    def __init__(self, store: ReadModelStore) -> None:
        self._store: Final = store
        self._viewers = 0
        self._asking = asyncio.Lock()
        self._starting = asyncio.Lock()
        self._reader: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()
        self._held: deque[News] = deque(maxlen=MOST_HELD)
        self._count = 0
        self._trouble: Trouble | None = None

    async def here(self) -> Seen:
        """Return the last offset of each partition that the read model holds now."""
        async with self._asking:
            return await self._store.read(READ_MODELS, _here)

    async def _newer(self, seen: Seen) -> list[Verdict]:
        """Return what is behind `seen`. One question at a time: whoever comes waits here, and no time runs out."""
        async with self._asking:
            return await self._store.read(READ_MODELS, _news(seen))

    async def watch(self, seen: Mapping[int, int]) -> AsyncIterator[News | Trouble | None]:
        """Yield what lies behind `seen`, for ever, each once and in order per partition; None: nothing came lately.

        What came before the common reader is asked for once; a viewer that falls behind what is held asks again.
        """
        seen, place = dict(seen), -1
        self._viewers += 1
        try:
            while True:
                if place < self._count - len(self._held) or self._reader is None or self._reader.done():
                    try:
                        await self._start()
                        place = self._count  # whatever is held up to here is in the database for the next question
                        while found := await self._newer(seen):
                            for news in map(News.of, found):
                                seen[news.position.partition] = news.position.offset
                                yield news
                    except RequestRefused as error:
                        place = -1
                        yield Trouble(str(error))
                        await asyncio.sleep(RETRY_S)
                        continue
                for news in [self._held[index] for index in range(place - self._count, 0)]:
                    place += 1
                    if news.position.offset > seen.get(news.position.partition, -1):
                        seen[news.position.partition] = news.position.offset
                        yield news
                if place == self._count:
                    yield await self._wait()
        finally:
            self._viewers -= 1

    async def _start(self) -> None:
        """Start the reader where the read model stands, if none runs."""
        async with self._starting:
            if self._reader is None or self._reader.done():
                seen = dict.fromkeys(range(DATA_PARTITIONS), -1) | await self.here()
                self._held.clear()
                self._reader = asyncio.create_task(self._read_on(seen))

    async def _wait(self) -> Trouble | None:
        """Return after the next change, or a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S), self._changed:
                await self._changed.wait()
        return self._trouble

    async def _read_on(self, seen: Seen) -> None:
        while self._viewers:
            found: list[Verdict] = []
            try:
                found = await self._newer(seen)
                self._trouble = None
            except RequestRefused as error:
                self._trouble = Trouble(str(error))
            for news in map(News.of, found):
                seen[news.position.partition] = news.position.offset
                self._held.append(news)
                self._count += 1
            if found or self._trouble:
                async with self._changed:
                    self._changed.notify_all()
            if len(found) < MOST_AT_ONCE:
                await asyncio.sleep(RETRY_S if self._trouble else POLL_S)


def event_id(seen: Mapping[int, int]) -> str:
    """Return what stands for `seen` as an event's id: a position per partition that has any."""
    return ",".join(f"{ANOMALY_EVENTS}/{partition}/{at}" for partition, at in sorted(seen.items()) if at >= 0)


async def _here(snapshot: Snapshot) -> Seen:
    return {at.partition: at.next_offset - 1 for at in snapshot.checkpoints}


def _news(seen: Mapping[int, int]) -> Callable[[Snapshot], Awaitable[list[Verdict]]]:
    async def question(snapshot: Snapshot) -> list[Verdict]:
        behind = {"partitions": list(seen), "offsets": list(seen.values()), "limit": MOST_AT_ONCE}
        return await snapshot.fetch(NEWER, behind, verdict)

    return question
