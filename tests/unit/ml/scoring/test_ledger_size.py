"""The ledger over what others write: never a record too large for the log, never an offset left out."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from domain.scoring import Flag, ReadingsScored
from ml.scoring.judge import score
from ml.scoring.records import LEDGER_BYTES, Stretch, ledgers_of
from ml.scoring.state import PartitionState
from schemas.codec import encode
from schemas.readings import Readings
from schemas.records import RecordBatch
from tests.builders import a_profile, a_reading
from tests.fakes.scoring import FakeDecoding, InMemoryLog, RunningMeanDetector
from tests.unit.ml.scoring.test_any_split import loaded


def ledgers(offsets: Sequence[int], *, end: int) -> list[ReadingsScored]:
    """Judge readings that stand at `offsets` of a stretch from 0 to below `end`."""
    log = InMemoryLog(profiles={"environment@1": a_profile()})
    log.put(*(a_reading(place) for place in range(len(offsets))))
    whole = log.read(0, len(offsets))
    batch = RecordBatch(
        whole.topic, 0, np.array(offsets), whole.appended_at_us, whole.keys, whole.values, whole.headers
    )
    readings: Readings = FakeDecoding(log).decode(batch)
    held = loaded(1, RunningMeanDetector(), profile="environment@1")
    judgement, after = score(readings, PartitionState(0).with_model(held), next_offset=end)
    return list(ledgers_of(Stretch("sensor-events", 0, 0, end), readings, judgement, after))


@pytest.mark.parametrize(
    "offsets",
    [
        [30_000, 30_001],
        [0, 1, 30_002],
        [5, 50_000, 50_001, 150_000],
        list(range(0, 7_000, 70)),
        list(range(60_000)),
        [0],
    ],
)
def test_any_stretch_is_covered_once_in_records_that_a_broker_takes(offsets: list[int]) -> None:
    end = offsets[-1] + 40
    found = ledgers(offsets, end=end)
    assert (found[0].from_offset, found[-1].next_offset) == (0, end)
    assert all(before.next_offset == after.from_offset for before, after in pairwise(found))
    scored, absent = [], 0
    for one in found:
        assert len(encode(one, InMemoryLog().contracts)) < 1.2 * LEDGER_BYTES
        for column in one.columns:
            assert len(column.scores) == one.next_offset - one.from_offset
            scored += [one.from_offset + slot for slot, value in enumerate(column.scores) if not np.isnan(value)]
        absent += sum(
            after - first
            for flag in one.flags
            if flag.name == Flag.ABSENT
            for first, after in zip(flag.ranges[::2], flag.ranges[1::2], strict=True)
        )
    assert scored == offsets[1:], "the first is not judged: there is nothing before it"
    assert absent == end - len(offsets)


def test_the_offsets_of_another_clients_aborted_transaction_take_no_slots() -> None:
    found = ledgers([0, 1, 30_002, 30_003], end=30_004)
    assert [(one.from_offset, one.next_offset, bool(one.columns)) for one in found] == [
        (0, 2, True),
        (2, 30_002, False),
        (30_002, 30_004, True),
    ]
