"""Which of the compared readings a version had learned from: on those it looks better than it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from domain.models import ModelTrained
from ml.comparison.opinions import ComparedRows
from ml.manifest import Manifest, NotAManifest


@dataclass(frozen=True, slots=True)
class TrainedOn:
    """Offsets by partition, half-open, and bounds of recorded_at in µs, half-open; None: no bound."""

    ranges: Mapping[int, tuple[int, int]]
    recorded_from_us: int | None = None
    recorded_before_us: int | None = None

    @classmethod
    def of(cls, trained: ModelTrained) -> Self:
        """Return what a version's manifest says; nothing when this version can't read it."""
        try:
            selection = Manifest.parse(trained.manifest).selection
        except NotAManifest:
            return cls({})
        ranges = {one.partition: (one.from_offset, one.next_offset) for one in selection.ranges}
        return cls(ranges, selection.recorded_from_us, selection.recorded_before_us)

    def count(self, rows: ComparedRows) -> int:
        """Return how many of the rows are among them."""
        if rows.partition not in self.ranges:
            return 0
        first, after = self.ranges[rows.partition]
        inside = (rows.offsets >= first) & (rows.offsets < after)
        if self.recorded_from_us is not None:
            inside &= rows.recorded_at_us >= self.recorded_from_us
        if self.recorded_before_us is not None:
            inside &= rows.recorded_at_us < self.recorded_before_us
        return int(np.count_nonzero(inside))
