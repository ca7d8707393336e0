"""Which readings of a sensor come in order: the late, the repeated and those from a clock ahead stay out of state."""

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

REMEMBERED_IDS: Final = 64
"""Ids kept per sensor. A sender that repeats itself does so within its own last few messages."""

CLOCK_AHEAD_US: Final = 5 * 60 * 1_000_000
"""A reading recorded this much after it was appended comes from a wrong clock; adopting it would make every right
reading after it late."""

ORDINARY: Final = 0
LATE: Final = 1
DUPLICATE: Final = 2
CLOCK_AHEAD: Final = 3

_NEVER: Final = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class Sequence:
    """What is remembered per sensor; row i of every array belongs to sensor i.

    last_us: int64 (sensors,), newest recorded_at in µs. ids: uint64 (sensors, REMEMBERED_IDS, 2), a ring.
    seen: int64 (sensors,), ordinary readings so far, so that the ring's next place is seen % REMEMBERED_IDS.
    """

    last_us: NDArray[np.int64]
    ids: NDArray[np.uint64]
    seen: NDArray[np.int64]

    @classmethod
    def empty(cls) -> "Sequence":
        """Return the memory of no sensor."""
        return cls(np.empty(0, np.int64), np.empty((0, REMEMBERED_IDS, 2), np.uint64), np.empty(0, np.int64))

    def extended_to(self, sensors: int) -> "Sequence":
        """Return a copy with room for `sensors` sensors, the added ones without a past."""
        added = sensors - len(self.last_us)
        return Sequence(
            np.concatenate([self.last_us, np.full(added, _NEVER)]),
            np.concatenate([self.ids, np.zeros((added, REMEMBERED_IDS, 2), np.uint64)]),
            np.concatenate([self.seen, np.zeros(added, np.int64)]),
        )


def follow(
    sequence: Sequence,
    *,
    sensors: NDArray[np.int64],
    recorded_at_us: NDArray[np.int64],
    appended_at_us: NDArray[np.int64],
    event_ids: NDArray[np.uint8],
) -> NDArray[np.uint8]:
    """Return what each reading is (ORDINARY, LATE, DUPLICATE, CLOCK_AHEAD) and remember the ordinary.

    Changes `sequence` in place: give it a copy. sensors: int64 (n,), row in `sequence`; event_ids: uint8 (n, 16).
    """
    halves = np.ascontiguousarray(event_ids).view(np.uint64).reshape(-1, 2)
    found = np.zeros(len(sensors), np.uint8)
    _follow(sequence.last_us, sequence.ids, sequence.seen, sensors, recorded_at_us, appended_at_us, halves, found)
    return found


@numba.njit(cache=True)
def _follow(  # type: ignore[no-untyped-def]  # noqa: ANN202, PLR0917
    last_us,  # noqa: ANN001
    ids,  # noqa: ANN001
    seen,  # noqa: ANN001
    sensors,  # noqa: ANN001
    recorded_at_us,  # noqa: ANN001
    appended_at_us,  # noqa: ANN001
    event_ids,  # noqa: ANN001
    found,  # noqa: ANN001
):
    for row in range(len(sensors)):
        sensor = sensors[row]
        held = min(seen[sensor], REMEMBERED_IDS)
        for place in range(held):
            if ids[sensor, place, 0] == event_ids[row, 0] and ids[sensor, place, 1] == event_ids[row, 1]:
                found[row] = DUPLICATE
                break
        if found[row] == DUPLICATE:
            continue
        if recorded_at_us[row] <= last_us[sensor]:
            found[row] = LATE
        elif recorded_at_us[row] > appended_at_us[row] + CLOCK_AHEAD_US:
            found[row] = CLOCK_AHEAD
        else:
            place = seen[sensor] % REMEMBERED_IDS
            ids[sensor, place, 0] = event_ids[row, 0]
            ids[sensor, place, 1] = event_ids[row, 1]
            seen[sensor] += 1
            last_us[sensor] = recorded_at_us[row]
