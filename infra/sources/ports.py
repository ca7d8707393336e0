"""What bringing readings in needs of the log."""

from collections.abc import Collection, Iterator
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


class ReadingSink(Protocol):
    """Takes admitted readings into the log; readings of one machine keep their order."""

    def append(self, table: pa.RecordBatch) -> None:
        """Hand over readings in `schemas.decoder.COLUMNS`; waits while too many are under way.

        Raises:
            ReadingsNotAppended: an earlier one was refused by the broker.
            LogFull: there is no room; all readings before this call are acknowledged, these are not handed over.
        """

    def flush(self) -> None:
        """Return once every reading handed over is acknowledged by all replicas.

        Raises:
            ReadingsNotAppended: one was not.
        """


class KnownReadings(Protocol):
    """Tells which readings are in the log."""

    def ids(self, machine_ids: Collection[str]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
        """Yield times (int64 (n,), µs since 1970) and event ids (uint8 (n, 16)) of these machines' readings.

        All of them up to the log's end now, in portions of the log's order, so that no memory has to hold them.
        """
