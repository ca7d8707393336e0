"""The judging as the query API asks for it: many ask, the log is looked at once a second, and nobody waits long."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from domain.judging import Judging
from infra.kafka.client.clients import LogNotReachable
from query_api.outlook import LogAway

FRESH_FOR_S: Final = 1.0
PATIENCE_S: Final = 1.0
"""Whoever asks waits for a look at most this long; then the one before it counts while it is not too old."""

TOLD_FOR_S: Final = 10.0
"""An answer older than this is none: what it said may long have changed."""


class KafkaJudgingOutlook:
    """A JudgingOutlook over a look at one cluster; None means that none was told."""

    def __init__(
        self,
        look: Callable[[], Judging] | None,
        *,
        patience_s: float = PATIENCE_S,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look: Final = look
        self._patience_s: Final = patience_s
        self._seconds: Final = seconds
        self._under_way: asyncio.Task[Judging] | None = None
        self._asked_at_s = self._answered_at_s = seconds() - TOLD_FOR_S - FRESH_FOR_S
        self._answer: Judging | None = None
        self._failure = ""

    async def judging(self) -> Judging:
        """Return whether every arriving reading is being judged.

        Raises:
            LogAway: the log can't be asked.
        """
        if self._look is None:
            raise LogAway("the API was not told where the log is: TELLTALE_KAFKA_BOOTSTRAP")
        if self._under_way is None and self._seconds() - self._asked_at_s >= FRESH_FOR_S:
            self._asked_at_s = self._seconds()
            self._under_way = asyncio.create_task(asyncio.to_thread(self._look))
        if self._under_way is not None:
            await asyncio.wait({self._under_way}, timeout=self._patience_s)
            self._take()
        if self._answer is None or self._seconds() - self._answered_at_s > TOLD_FOR_S:
            raise LogAway(self._failure or "Kafka has not answered yet")
        return self._answer

    def _take(self) -> None:
        """Keep what a look has found, if it has ended."""
        if self._under_way is None or not self._under_way.done():
            return
        done, self._under_way = self._under_way, None
        try:
            self._answer, self._answered_at_s, self._failure = done.result(), self._seconds(), ""
        except LogNotReachable as error:
            self._failure = str(error)  # a broker that is started anew is back before the last answer is too old
