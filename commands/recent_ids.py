"""The ids of the readings that came in lately, so that a sender who sends again is told so."""

from threading import Lock
from typing import Final
from uuid import UUID

MOST_IDS: Final = 100_000
"""About 15 MB, and ten of the largest batches: who sends again after a missing answer does so soon."""


class RecentIds:
    """A memory of ids, newest kept; it only tells, scorer and read models are what makes a reading count once."""

    def __init__(self, most: int = MOST_IDS) -> None:
        self._most = most
        self._ids: dict[UUID, None] = {}
        self._lock = Lock()

    def seen(self, event_id: UUID) -> bool:
        """Remember an id; return whether it was known."""
        with self._lock:
            known = event_id in self._ids
            self._ids[event_id] = None
            if len(self._ids) > self._most:
                del self._ids[next(iter(self._ids))]
            return known
