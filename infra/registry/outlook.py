"""Whether the registry answers, for an API that needs nothing else of it."""

import asyncio
import time
from typing import Final

from infra.registry.client import RegistryClient, RegistryNotReachable

TIMEOUT_S: Final = 1.5
FRESH_FOR_S: Final = 3.0


class HttpRegistryOutlook:
    """A RegistryOutlook over its HTTP interface; an empty `url` means that none was told."""

    def __init__(self, url: str) -> None:
        self._client: Final = RegistryClient(url, timeout_s=TIMEOUT_S) if url else None
        self._one_at_a_time: Final = asyncio.Lock()
        self._answered = False
        self._asked_at_s = -FRESH_FOR_S

    async def answers(self) -> bool:
        """Return whether it answers."""
        if self._client is None:
            return False
        async with self._one_at_a_time:
            if time.monotonic() - self._asked_at_s >= FRESH_FOR_S:
                self._answered = await asyncio.to_thread(_ask, self._client)
                self._asked_at_s = time.monotonic()
            return self._answered


def _ask(client: RegistryClient) -> bool:
    try:
        client.compatibility()
    except RegistryNotReachable:
        return False
    return True
