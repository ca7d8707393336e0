"""Batches of several partitions decoded as one: with few records in each, the fixed cost of a decode is most of it."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import numpy as np

from schemas.readings import ProfileBlock, Readings
from schemas.records import RecordBatch


def joined(batches: Sequence[RecordBatch]) -> RecordBatch:
    """Return the records of all batches as one batch whose offsets are row numbers and which has no headers."""
    values = list(chain.from_iterable(batch.values for batch in batches))
    return RecordBatch(
        "",
        -1,
        np.arange(len(values)),
        np.concatenate([batch.appended_at_us for batch in batches]),
        list(chain.from_iterable(batch.keys for batch in batches)),
        values,
        [()] * len(values),
    )


def parted(readings: Readings, batches: Sequence[RecordBatch]) -> tuple[Readings, ...]:
    """Return what each of `batches` has of the readings of all, decoded as `joined` made them one."""
    starts = np.cumsum([0, *map(len, batches)])
    edges = np.searchsorted(readings.offsets, starts).tolist()
    return tuple(
        _part(readings, batch, int(start), first, after)
        for batch, start, first, after in zip(batches, starts, edges, edges[1:], strict=False)
    )


def _part(readings: Readings, batch: RecordBatch, start: int, first: int, after: int) -> Readings:
    """Return the rows from `first` to below `after`, which are those of `batch`, whose records begin at `start`."""
    blocks = []
    for block in readings.blocks:
        begin, end = np.searchsorted(block.rows, (first, after))
        if begin < end:
            blocks.append(ProfileBlock(block.profile, block.rows[begin:end] - first, block.values[begin:end]))
    return Readings(
        batch.topic,
        batch.partition,
        batch.offsets[readings.offsets[first:after] - start],
        readings.appended_at_us[first:after],
        readings.recorded_at_us[first:after],
        readings.columns.slice(first, after - first),
        tuple(sorted(blocks, key=lambda block: int(block.rows[0]))),
        tuple(
            replace(bad, offset=int(batch.offsets[bad.offset - start]))
            for bad in readings.rejected
            if start <= bad.offset < start + len(batch)
        ),
    )
