"""Notices what a client never brings although the log has it.

After a broker's restart a client now and then fetches a partition no more, and tells no error (librdkafka issue 5153,
open); only another client helps. It must never take a quiet log for a silent client: it looks for a record itself.
And it counts what was asked, not the time that passed: a process that was suspended, computed for long, or was
given a full batch of other partitions has not asked, so nobody has kept silent.
"""

from collections.abc import Mapping
from time import monotonic
from typing import Final

from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.ends import LogEnds, Place
from infra.kafka.client.log_range import LogStalled, read_to_end

STANDS_STILL_S: Final = 15.0
"""A partition of which nothing has been heard through so much asking is held against the log."""

ONE_QUESTION_S: Final = 1.0
"""How much of the time between two polls counts as asking, at most: no poll waits longer."""


class Silence:
    """What one client is to bring, and since when it has brought nothing of it."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap: Final = bootstrap
        self._ends: Final = LogEnds(bootstrap)
        self._positions: dict[Place, int] = {}
        self._heard_at_s: dict[Place, float] = {}
        self._resting: set[Place] = set()
        self._asked_s = 0.0
        self._polled_at_s = monotonic()
        self._looked_at_s = 0.0

    def expect(self, positions: Mapping[Place, int]) -> None:
        """From now on the client reads these partitions, and only these, from these offsets on."""
        self._positions = dict(positions)
        self._heard_at_s = dict.fromkeys(positions, self._asked_s)
        self._resting.clear()

    def asked(self, *, full: bool) -> None:
        """Note a poll, before what it brought; `full`: it brought all that it may, so others may wait behind that."""
        now_s = monotonic()
        if not full:
            self._asked_s += min(now_s - self._polled_at_s, ONE_QUESTION_S)
        self._polled_at_s = now_s

    def heard(self, reached: Mapping[Place, int]) -> None:
        """Note the offsets up to which the client has brought what there is.

        None goes back: an end that was met before a record came may be told after it.
        """
        self._positions.update({place: max(self._positions.get(place, 0), offset) for place, offset in reached.items()})
        self._heard_at_s.update(dict.fromkeys(reached, self._asked_s))

    def rest(self, place: Place) -> None:
        """Expect nothing of a partition until it is resumed."""
        self._resting.add(place)

    def resume(self, place: Place) -> None:
        """Expect it again, from now on."""
        self._resting.discard(place)
        self._heard_at_s[place] = self._asked_s

    @property
    def positions(self) -> Mapping[Place, int]:
        """Return what the client is to bring next of each partition."""
        return self._positions

    def missed(self) -> tuple[Place, ...]:
        """Return the partitions that hold a record which the client should have brought; () mostly without a look.

        A log that does not answer has nothing to be held against.
        """
        if self._asked_s - self._looked_at_s < STANDS_STILL_S:
            return ()
        self._looked_at_s = self._asked_s
        silent = [
            place
            for place, heard_at_s in self._heard_at_s.items()
            if self._asked_s - heard_at_s > STANDS_STILL_S and place in self._positions and place not in self._resting
        ]
        try:
            ends = self._ends.stable(silent)
            return tuple(place for place in silent if self._has_a_record(place, ends[place]))
        except (LogNotReachable, LogStalled):
            return ()

    def _has_a_record(self, place: Place, end: int) -> bool:
        """Return whether a record, and not only the end of a transaction, stands between the position and the end."""
        position = self._positions[place]
        if position >= end:
            return False
        found = next(iter(read_to_end(self._bootstrap, *place, start=position, end=end)), None)
        if found is None:
            self._positions[place] = end
        return found is not None
