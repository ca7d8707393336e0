"""Records of one partition as they come from the log, before anybody has looked into them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """Records of one partition in log order; every column has one entry per record.

    offsets, appended_at_us: int64 arrays (n,), offsets ascending, microseconds since 1970 UTC.
    """

    topic: str
    partition: int
    offsets: NDArray[np.int64]
    appended_at_us: NDArray[np.int64]
    keys: Sequence[bytes | None]
    values: Sequence[bytes | None]
    headers: Sequence[Sequence[tuple[str, bytes | None]]]

    @property
    def next_offset(self) -> int:
        """Return the offset after the last record."""
        return int(self.offsets[-1]) + 1

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: NDArray[np.intp]) -> "RecordBatch":
        """Return the records at `rows`, in that order."""
        return RecordBatch(
            self.topic,
            self.partition,
            self.offsets[rows],
            self.appended_at_us[rows],
            [self.keys[row] for row in rows],
            [self.values[row] for row in rows],
            [self.headers[row] for row in rows],
        )
