"""Which rows of a build are too old to keep, by the log's own clock.

What is dropped follows from the checkpoint alone: after the same records two builds have dropped the same rows, however
those came in. So the day before which rows go is counted back from the newest known_at in the checkpoint, never from
now; and a row that comes in late and is too old already goes in the transaction that brought it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql

from projections.folder import Folder

_HORIZON: Final = "SELECT date_trunc('day', max(known_at), 'UTC') - make_interval(days => %s) FROM checkpoint"


class Retention:
    """Keeps a build's rows for the folder's `keep_days`; on connections whose search path is the build."""

    def __init__(self, folder: Folder) -> None:
        self._days = folder.keep_days
        self._statements = tuple(
            sql.SQL("DELETE FROM {} WHERE {} < %s").format(sql.Identifier(table), sql.Identifier(column))
            for table, column in sorted(folder.keep_by.items())
        )
        self._enforced: datetime | None = None
        self._enforcing: datetime | None = None

    def enforce(self, connection: psycopg.Connection, *, oldest: datetime | None) -> None:
        """Drop what is too old after this transaction's checkpoint; looks through tables only when there may be some.

        `oldest` is when the log learned of the oldest row that this transaction brought.
        """
        self._enforcing = self._enforced  # what a transaction before this one did may have been rolled back
        row = connection.execute(_HORIZON, [self._days]).fetchone()
        horizon = row[0] if row else None
        if horizon is None or (horizon == self._enforced and (oldest is None or oldest >= horizon)):
            return
        for statement in self._statements:
            connection.execute(statement, [horizon])
        self._enforcing = horizon

    def committed(self) -> None:
        """Remember that what was enforced is there to stay: only then need it not be done again."""
        self._enforced = self._enforcing


def oldest_of(pieces: Sequence[pa.RecordBatch]) -> datetime | None:
    """Return the smallest known_at of the rows, None when the batch lacks the column."""
    found = [pc.min(piece.column("known_at")).as_py() for piece in pieces if "known_at" in piece.schema.names]
    return min((moment for moment in found if moment is not None), default=None)
