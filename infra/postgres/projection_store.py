"""One build in PostgreSQL, as its projector writes it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, Final

import psycopg
import pyarrow as pa
from psycopg import sql

from domain.readings import microseconds
from infra.postgres.builds import Build
from infra.postgres.connections import connect_for_writing, translated
from infra.postgres.copying import copy_rows
from infra.postgres.retention import Retention, oldest_of
from infra.postgres.seen_readings import PostgresSeenReadings
from projections.batch_table import batch_columns, create_batch_table
from projections.checkpoints import Checkpoint, CheckpointMove, TopicPartition
from projections.folder import Folder
from projections.ports import BuildInUse, CheckpointMoved, LogPartition, Rejected, StoreUnavailable
from projections.repeats import without_identity, without_repeats

_ADVANCE: Final = """
UPDATE checkpoint
SET next_offset = move.next_offset,
    last_offset = move.last_offset,
    last_crc = move.last_crc,
    known_at = to_timestamp(0) + move.known_at_us * interval '1 microsecond'
FROM unnest(%s::text[], %s::int[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
    AS move (topic, partition, expected, next_offset, last_offset, last_crc, known_at_us)
WHERE checkpoint.topic = move.topic
    AND checkpoint.partition = move.partition
    AND checkpoint.next_offset = move.expected
RETURNING checkpoint.topic, checkpoint.partition
"""


class PostgresProjectionTransaction:
    """One transaction on a build."""

    def __init__(self, connection: psycopg.Connection, build: Build, folder: Folder) -> None:
        self._connection = connection
        self._build = build
        self._folder = folder
        self.oldest: datetime | None = None
        """When the log learned of the oldest record of this transaction, as far as the batch says."""

    def advance(self, moves: Sequence[CheckpointMove]) -> None:
        """Move checkpoints, all or none.

        Raises:
            CheckpointMoved: a stored checkpoint is not at its move's `expected`.
        """
        to = [move.to for move in moves]
        columns: list[list[Any]] = [
            [checkpoint.where.topic for checkpoint in to],
            [checkpoint.where.partition for checkpoint in to],
            [move.expected for move in moves],
            [checkpoint.next_offset for checkpoint in to],
            [checkpoint.last_offset for checkpoint in to],
            [checkpoint.last_crc for checkpoint in to],
            [checkpoint.known_at_us for checkpoint in to],
        ]
        moved = {TopicPartition(*row) for row in self._connection.execute(_ADVANCE, columns)}
        if len(moved) < len(moves):
            raise CheckpointMoved(self._build.schema, sorted({at.where for at in to} - moved))

    def reject(self, rejected: Sequence[Rejected]) -> None:
        """Note records that are in no table."""
        with self._connection.cursor() as cursor:
            cursor.executemany(
                'INSERT INTO rejected (topic, partition, "offset", error, message) VALUES (%s, %s, %s, %s, %s)',
                [
                    (at.position.topic, at.position.partition, at.position.offset, at.error, _storable(at.message))
                    for at in rejected
                ],
            )

    def apply(self, pieces: Sequence[pa.RecordBatch]) -> None:
        """Put the rows of all `pieces` into `batch` and run the build's step."""
        rows = self._without_repeats(pieces)
        copy_rows(self._connection, "batch", rows)
        self._connection.execute(self._folder.apply_sql.encode())
        self.oldest = oldest_of(rows)

    def _without_repeats(self, pieces: Sequence[pa.RecordBatch]) -> Sequence[pa.RecordBatch]:
        if not self._folder.sees_repeats:
            return without_identity(pieces)
        seen = None if self._folder.finds_repeats else PostgresSeenReadings(self._connection)
        return without_repeats(pieces, seen)


class PostgresProjectionStore:
    """One build; `open` connects, holds the build by an advisory lock of the session, and makes `batch`.

    Not `held`, several may write one build side by side, each partition by one of them.
    """

    def __init__(self, dsn: str, build: Build, folder: Folder, *, held: bool = True) -> None:
        self._dsn = dsn
        self._build = build
        self._folder = folder
        self._held = held
        self._retention = None if folder.keep_days is None else Retention(folder)
        self._connection: psycopg.Connection | None = None
        self._loaded = False

    @property
    def loaded(self) -> bool:
        """Whether the build has its indexes, having once reached the log's end."""
        return self._loaded

    def open(self, partitions: Sequence[LogPartition]) -> Sequence[Checkpoint]:
        """Take hold of the build and return its checkpoints, sorted; a partition new to it starts at its first offset.

        Raises:
            BuildInUse: another projector holds it; a dead one's hold ends with its session.
            StoreUnavailable: the server does not answer.
        """
        self.close()
        connection = connect_for_writing(self._dsn, name=f"projector {self._build.schema}")
        try:
            with connection.transaction():
                self._take_hold(connection)
                self._add_partitions(connection, partitions)
                self._loaded = _is_loaded(connection, self._build)
                checkpoints = checkpoints_of(connection, self._build)
                connection.execute(create_batch_table(batch_columns(self._folder)).encode())
        except psycopg.Error as error:
            connection.close()
            raise translated(error) from error
        except BuildInUse:
            connection.close()
            raise
        self._connection = connection
        return checkpoints

    @contextmanager
    def transaction(self) -> Iterator[PostgresProjectionTransaction]:
        """Return a new transaction; leaving its block commits.

        Raises:
            StoreUnavailable: the server went away; whether a commit happened, only `open` can tell.
            StorageRefused: the rows can't be stored.
        """
        connection = self._connected()
        try:
            with connection.transaction():
                transaction = PostgresProjectionTransaction(connection, self._build, self._folder)
                yield transaction
                if self._held and self._retention is not None:
                    self._retention.enforce(connection, oldest=transaction.oldest)
            if self._retention is not None:
                self._retention.committed()
        except psycopg.Error as error:
            raise translated(error) from error

    def finish_load(self) -> None:
        """Build the indexes and gather statistics, once in the build's life.

        Raises:
            StoreUnavailable: the server went away; do it again.
        """
        connection = self._connected()
        try:
            with connection.transaction():
                if self._retention is not None:
                    self._retention.enforce(connection, oldest=None)
                connection.execute(self._folder.indexes_sql.encode())
                for table in self._folder.keys:
                    connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))
                connection.execute(
                    "UPDATE telltale.builds SET loaded_at = now() WHERE read_model = %s AND build = %s",
                    [self._build.read_model, self._build.number],
                )
        except psycopg.Error as error:
            raise translated(error) from error
        self._loaded = True

    def enforce_retention(self) -> None:
        """Drop the rows that are too old; those who load side by side leave that to the one who waits for them.

        Raises:
            StoreUnavailable: the server went away; do it again.
        """
        if self._retention is None:
            return
        connection = self._connected()
        try:
            with connection.transaction():
                self._retention.enforce(connection, oldest=None)
        except psycopg.Error as error:
            raise translated(error) from error

    def close(self) -> None:
        """Let go of the build."""
        if self._connection is not None:
            with suppress(psycopg.Error):
                # Not only by closing: the server may take a while to notice that, and the next one is waiting.
                self._connection.execute("SELECT pg_advisory_unlock_all()")
            self._connection.close()
            self._connection = None

    def _connected(self) -> psycopg.Connection:
        if self._connection is None:
            raise StoreUnavailable(f"{self._build.schema} is not open")
        return self._connection

    def _take_hold(self, connection: psycopg.Connection) -> None:
        statement = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
        if self._held and connection.execute(statement, [self._build.schema]).fetchone() != (True,):
            raise BuildInUse(self._build.schema)
        connection.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(self._build.schema)))

    def _add_partitions(self, connection: psycopg.Connection, partitions: Sequence[LogPartition]) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO checkpoint (topic, partition, topic_id, next_offset) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                [(at.where.topic, at.where.partition, at.topic_id, at.first_offset) for at in partitions],
            )


def _is_loaded(connection: psycopg.Connection, build: Build) -> bool:
    row = connection.execute(
        "SELECT loaded_at IS NOT NULL FROM telltale.builds WHERE read_model = %s AND build = %s",
        [build.read_model, build.number],
    ).fetchone()
    return row == (True,)


def checkpoints_of(connection: psycopg.Connection, build: Build) -> tuple[Checkpoint, ...]:
    """Return a build's checkpoints as they are stored, sorted."""
    rows = connection.execute(
        sql.SQL(
            "SELECT topic, partition, topic_id, next_offset, last_offset, last_crc, known_at FROM {}.checkpoint"
            " ORDER BY topic, partition"
        ).format(sql.Identifier(build.schema))
    )
    return tuple(
        Checkpoint(
            where=TopicPartition(topic, partition),
            topic_id=topic_id,
            next_offset=next_offset,
            last_offset=last_offset,
            last_crc=last_crc,
            known_at_us=None if known_at is None else microseconds(known_at),
        )
        for topic, partition, topic_id, next_offset, last_offset, last_crc, known_at in rows
    )


def _storable(text: str) -> str:
    """Return text as the database takes it: a refusal may quote the NUL or broken text it is about."""
    return text.replace("\0", "␀").encode(errors="replace").decode()
