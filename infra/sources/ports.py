"""What bringing readings in needs of the log."""

from collections.abc import Collection
from typing import Protocol

import pyarrow as pa


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

    def event_ids(self, machine_ids: Collection[str]) -> set[str]:
        """Return the event ids of all readings of these machines up to the log's end now."""
