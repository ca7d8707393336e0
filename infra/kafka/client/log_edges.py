"""Where the log begins and ends, for an API that must not wait for it. It never reads a record."""

import asyncio
import time
from collections.abc import Mapping
from typing import Final

from domain.topics import TOPICS
from infra.kafka.client.clients import LogNotReachable, partitions_of
from infra.kafka.client.ends import LogEnds, Place
from query_api.outlook import Edges, LogAway

TIMEOUT_S: Final = 2.0
FRESH_FOR_S: Final = 1.0
"""However many ask: the broker is asked once a second."""


class KafkaLogOutlook:
    """A LogOutlook over one cluster; an empty `bootstrap` means that none was told."""

    def __init__(self, bootstrap: str) -> None:
        self._ends: Final = LogEnds(bootstrap, timeout_s=TIMEOUT_S) if bootstrap else None
        self._one_at_a_time: Final = asyncio.Lock()
        self._edges: Mapping[Place, Edges] = {}
        self._asked_at_s = -FRESH_FOR_S

    async def edges(self) -> Mapping[Place, Edges]:
        """Return first and end of every partition.

        Raises:
            LogAway: nobody answers in time.
        """
        if self._ends is None:
            raise LogAway("the API was not told where the log is: TELLTALE_KAFKA_BOOTSTRAP")
        async with self._one_at_a_time:
            if time.monotonic() - self._asked_at_s >= FRESH_FOR_S:
                self._edges = await asyncio.to_thread(_ask, self._ends)
                self._asked_at_s = time.monotonic()
            return self._edges


def _ask(ends: LogEnds) -> Mapping[Place, Edges]:
    places = [(topic, number) for topic in TOPICS for number in partitions_of(topic)]
    try:
        first, stable = ends.first(places), ends.stable(places)
    except LogNotReachable as error:
        raise LogAway(str(error)) from error
    return {place: Edges(first_offset=first[place], end_offset=stable[place]) for place in places}
