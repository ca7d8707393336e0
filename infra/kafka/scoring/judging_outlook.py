"""The judging as the query API asks for it: many ask, the log is looked at once a second, and nobody waits long."""

import asyncio
import time
from typing import Final

from domain.judging import Judging
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.scoring.judging_look import JudgingLook
from query_api.outlook import LogAway

FRESH_FOR_S: Final = 1.0
PATIENCE_S: Final = 1.0
"""Whoever asks waits for a look at most this long; then the one before it counts while it is not too old."""

TOLD_FOR_S: Final = 10.0
"""An answer older than this is none: what it said may long have changed."""


class KafkaJudgingOutlook:
    """A JudgingOutlook over one cluster; an empty `bootstrap` means that none was told."""

    def __init__(self, bootstrap: str) -> None:
        self._look: Final = JudgingLook(bootstrap) if bootstrap else None
        self._under_way: asyncio.Task[Judging] | None = None
        self._asked_at_s = self._answered_at_s = -TOLD_FOR_S
        self._answer: Judging | None = None
        self._failure = ""

    async def judging(self) -> Judging:
        """Return whether every arriving reading is being judged.

        Raises:
            LogAway: the log can't be asked.
        """
        if self._look is None:
            raise LogAway("the API was not told where the log is: TELLTALE_KAFKA_BOOTSTRAP")
        if self._under_way is None and time.monotonic() - self._asked_at_s >= FRESH_FOR_S:
            self._asked_at_s = time.monotonic()
            self._under_way = asyncio.create_task(asyncio.to_thread(self._look.look))
        if self._under_way is not None:
            await asyncio.wait({self._under_way}, timeout=PATIENCE_S)
            self._take()
        if self._answer is None or time.monotonic() - self._answered_at_s > TOLD_FOR_S:
            raise LogAway(self._failure or "Kafka has not answered yet")
        return self._answer

    def _take(self) -> None:
        """Keep what a look has found, if it has ended."""
        if self._under_way is None or not self._under_way.done():
            return
        done, self._under_way = self._under_way, None
        try:
            self._answer, self._answered_at_s, self._failure = done.result(), time.monotonic(), ""
        except LogNotReachable as error:
            self._answer, self._failure = None, str(error)
