"""The second lane: readings that came after newer ones of their sensor, judged in an order of their own.

A gateway that was offline sends what it has kept, an older file is loaded after a newer one: such a stretch is in order
by itself. It is followed beside the sensor's ordinary readings and never touches what is known of those. A stretch that
goes back in time by more than a gap begins anew, and knows nothing; readings a little out of order are not judged.
"""

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

from ml.scoring.sequence import DUPLICATE, LATE, ORDINARY, REMEMBERED_IDS, Sequence
from schemas.readings import Readings

GAP_INTERVALS: Final = 20
"""Expected intervals that make a gap, as for readings in order."""

_STRETCHES: Final = 1 << 31


@dataclass(frozen=True, slots=True)
class Lanes:
    """The sensors with late readings, in order of appearance; entry i of every part belongs to the i-th.

    sensors: the partition's sensor of each. sequence: what is remembered of its late readings. stretches: int64
    (lanes,), how often it has begun anew.
    """

    sensors: tuple[int, ...]
    sequence: Sequence
    stretches: NDArray[np.int64]

    @classmethod
    def none(cls) -> "Lanes":
        """Return the lanes of a log without late readings."""
        return cls((), Sequence.empty(), np.empty(0, np.int64))

    def slots(self) -> frozenset[int]:
        """Return what names the stretches that go on."""
        return frozenset((np.arange(len(self.sensors)) * _STRETCHES + self.stretches).tolist())

    def sensor_of(self, slot: int) -> int:
        """Return the partition's sensor of a stretch."""
        return self.sensors[slot // _STRETCHES]


@dataclass(frozen=True, slots=True)
class LateOrder:
    """What became of the late readings of a batch.

    order: uint8 (n,), of every reading of the batch: ORDINARY where it is to be judged in its lane, DUPLICATE, or LATE.
    slots: int64 (n,), the stretch that a reading belongs to; -1 for those that are not late.
    """

    lanes: Lanes
    order: NDArray[np.uint8]
    slots: NDArray[np.int64]


def follow_late(
    lanes: Lanes,
    readings: Readings,
    late: NDArray[np.intp],
    *,
    sensors: NDArray[np.int64],
    event_ids: NDArray[np.uint8],
) -> LateOrder:
    """Return what the readings at rows `late` are, each in its sensor's lane. `lanes` stays as it was.

    sensors: int64 (n,), the partition's sensor of each reading of the batch; event_ids: uint8 (n, 16).
    """
    order, slots = np.full(len(readings), LATE, np.uint8), np.full(len(readings), -1, np.int64)
    if not len(late):
        return LateOrder(lanes, order, slots)
    known = {sensor: lane for lane, sensor in enumerate(lanes.sensors)}
    mine = [known.setdefault(sensor, len(known)) for sensor in sensors[late].tolist()]
    sequence = lanes.sequence.extended_to(len(known))
    stretches = np.concatenate([lanes.stretches, np.zeros(len(known) - len(lanes.stretches), np.int64)])
    gaps = np.zeros(len(readings), np.int64)
    for block in readings.blocks:
        gaps[block.rows] = round(block.profile.expected_interval_s * GAP_INTERVALS * 1_000_000)
    of_late, stretch_of_late = np.zeros(len(late), np.uint8), np.zeros(len(late), np.int64)
    _follow_late(
        sequence.last_us,
        sequence.ids,
        sequence.seen,
        stretches,
        np.array(mine, np.int64),
        readings.recorded_at_us[late],
        np.ascontiguousarray(event_ids).view(np.uint64).reshape(-1, 2)[late],
        gaps[late],
        of_late,
        stretch_of_late,
    )
    order[late] = of_late
    slots[late] = np.array(mine, np.int64) * _STRETCHES + stretch_of_late
    return LateOrder(Lanes(tuple(known), sequence, stretches), order, slots)


@numba.njit(cache=True)
def _follow_late(  # type: ignore[no-untyped-def]  # noqa: ANN202, PLR0913, PLR0917
    last_us,  # noqa: ANN001
    ids,  # noqa: ANN001
    seen,  # noqa: ANN001
    stretches,  # noqa: ANN001
    lanes,  # noqa: ANN001
    recorded_at_us,  # noqa: ANN001
    event_ids,  # noqa: ANN001
    gaps_us,  # noqa: ANN001
    found,  # noqa: ANN001
    stretch_of,  # noqa: ANN001
):
    for row in range(len(lanes)):
        lane = lanes[row]
        known = False
        for place in range(min(seen[lane], REMEMBERED_IDS)):
            if ids[lane, place, 0] == event_ids[row, 0] and ids[lane, place, 1] == event_ids[row, 1]:
                known = True
                break
        if known:
            found[row] = DUPLICATE
            continue
        if seen[lane] > 0 and recorded_at_us[row] <= last_us[lane]:
            if last_us[lane] - recorded_at_us[row] <= gaps_us[row]:
                found[row] = LATE
                continue
            stretches[lane] += 1
        found[row] = ORDINARY
        stretch_of[row] = stretches[lane]
        place = seen[lane] % REMEMBERED_IDS
        ids[lane, place, 0] = event_ids[row, 0]
        ids[lane, place, 1] = event_ids[row, 1]
        seen[lane] += 1
        last_us[lane] = recorded_at_us[row]
