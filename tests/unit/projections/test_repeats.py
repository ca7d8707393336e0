"""Readings that the log has again are left out, however the log is cut into batches."""

from collections.abc import Mapping, Sequence
from random import Random
from uuid import UUID

import numpy as np
import pyarrow as pa
import pytest

from projections.repeats import IDENTITY, Hashes, Slot, identity_columns, without_identity, without_repeats
from schemas.readings import Readings


class SeenInMemory:
    """SeenReadings in a dictionary."""

    def __init__(self) -> None:
        self.slots: dict[Slot, Hashes] = {}

    def seen(self, slots: Sequence[Slot]) -> Mapping[Slot, Hashes]:
        """Return what was seen of these slots."""
        return {slot: self.slots[slot] for slot in slots if slot in self.slots}

    def remember(self, slots: Mapping[Slot, Hashes]) -> None:
        """Keep what was seen."""
        for hashes in slots.values():
            assert (np.diff(hashes.astype(object)) > 0).all(), "ascending, each once"
        self.slots.update(slots)


Told = tuple[int, str, str, int, int]
"""Partition, machine, sensor, recorded_at in µs, number of the id."""


def a_piece(told: Sequence[Told], *, first_offset: int = 0) -> pa.RecordBatch:
    """Return readings of one partition as rows, with the columns that tell them apart."""
    [partition] = {one[0] for one in told} or {0}
    times = np.array([one[3] for one in told], np.int64)
    readings = Readings(
        topic="sensor-events",
        partition=partition,
        offsets=np.arange(first_offset, first_offset + len(told)),
        appended_at_us=times,
        recorded_at_us=times,
        columns=pa.record_batch(
            {
                "event_id": pa.array([str(UUID(int=one[4])) for one in told], pa.string()),
                "machine_id": pa.array([one[1] for one in told], pa.string()),
                "sensor_id": pa.array([one[2] for one in told], pa.string()),
            }
        ),
        blocks=(),
        rejected=(),
    )
    return pa.record_batch({"offset": pa.array(readings.offsets)} | identity_columns(readings))


def offsets(pieces: Sequence[pa.RecordBatch]) -> list[int]:
    """Return the offsets of all rows."""
    return [offset for piece in pieces for offset in piece.column("offset").to_pylist()]


def test_the_first_in_the_log_stays() -> None:
    one, other = (3, "a", "b", 5, 1), (3, "a", "b", 5, 2)
    assert offsets(without_repeats([a_piece([one, other, one, other, one])], None)) == [0, 1]


@pytest.mark.parametrize(
    "other",
    [(3, "a", "b", 5, 2), (3, "a", "b", 6, 1), (3, "a", "c", 5, 1), (3, "c", "b", 5, 1), (3, "ab", "", 5, 1)],
    ids=["id", "time", "sensor", "machine", "where the names part"],
)
def test_whatever_differs_in_one_thing_is_another_reading(other: Told) -> None:
    assert offsets(without_repeats([a_piece([(3, "a", "b", 5, 1), other])], SeenInMemory())) == [0, 1]


def test_partitions_are_kept_apart() -> None:
    pieces = [a_piece([(1, "a", "b", 5, 1)]), a_piece([(2, "a", "b", 5, 1)], first_offset=7)]
    assert offsets(without_repeats(pieces, SeenInMemory())) == [0, 7]


@pytest.mark.parametrize("seed", range(20))
def test_any_cutting_leaves_the_same_readings_out(seed: int) -> None:
    chance = Random(seed)
    told = [
        (0, chance.choice("ab"), chance.choice("xy"), chance.randrange(4) * 30_000_000, chance.randrange(9))
        for _ in range(400)
    ]
    first = [place for place, one in enumerate(told) if one not in told[:place]]
    seen, kept, begin = SeenInMemory(), list[int](), 0
    while begin < len(told):
        end = begin + chance.randint(1, 60)
        kept += offsets(without_repeats([a_piece(told[begin:end], first_offset=begin)], seen))
        begin = end
    assert kept == first
    assert sum(map(len, seen.slots.values())) == len(first)


def test_rows_of_other_events_and_the_columns_that_are_sent_stay_as_they_are() -> None:
    others = pa.record_batch({"offset": pa.array([4, 4])})
    readings = a_piece([(3, "a", "b", 5, 1)])
    kept = without_repeats([others, readings], SeenInMemory())
    assert kept[0] is others
    assert without_identity([others])[0] is others
    assert not set(kept[1].schema.names) & set(IDENTITY)
    assert without_identity([readings])[0].schema.names == ["offset"]


def test_an_empty_piece_holds_nothing_to_leave_out() -> None:
    assert offsets(without_repeats([a_piece([])], SeenInMemory())) == []
