"""A build as it stood at one moment: read in one REPEATABLE READ transaction, while its projector goes on."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Final

import psycopg
from psycopg import IsolationLevel, sql

from infra.postgres.builds import Build
from infra.postgres.connections import connect_for_writing, translated
from projections.build_proof import RowHash, Texts
from projections.builds import Columns
from projections.checkpoints import TopicPartition
from projections.fingerprint import (
    Bucket,
    BucketFingerprint,
    Fingerprint,
    TableFingerprint,
    fingerprint_query,
    named_rows_query,
    row_hashes_query,
)

_AT_ONCE: Final = 20_000
"""Rows fetched at a time: no table has to fit into memory."""


class PostgresBuildSnapshot:
    """A BuildSnapshot on a connection whose transaction has begun."""

    def __init__(self, connection: psycopg.Connection, build: Build) -> None:
        self._connection = connection
        self._build = build
        connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(sql.Identifier(build.schema)))
        found = connection.execute("SELECT topic, partition, next_offset FROM checkpoint")
        self._positions = {TopicPartition(topic, partition): offset for topic, partition, offset in found}

    @property
    def positions(self) -> Mapping[TopicPartition, int]:
        """Return the build's checkpoint in this snapshot."""
        return self._positions

    def columns(self) -> Columns:
        """Return the columns of the build's tables, each table's by name in one fixed order."""
        found: dict[str, tuple[str, ...]] = {}
        for table, column in self._connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = %s"
            ' ORDER BY table_name, column_name COLLATE "C"',
            [self._build.schema],
        ):
            found[table] = (*found.get(table, ()), column)
        return found

    def fingerprint(self, keys: Mapping[str, tuple[str, ...]], columns: Columns) -> Fingerprint:
        """Return the fingerprint of the tables in `columns`."""
        return Fingerprint(
            {table: self._table(table, key=keys[table], columns=columns[table]) for table in sorted(columns)}
        )

    def row_hashes(
        self, table: str, *, key: tuple[str, ...], columns: tuple[str, ...], buckets: Sequence[Bucket]
    ) -> Iterator[RowHash]:
        """Yield the hashes of the rows in `buckets`, ascending by the key's."""
        with self._connection.cursor(name="row_hashes") as cursor:
            cursor.itersize = _AT_ONCE
            cursor.execute(row_hashes_query(table, key=key, columns=columns).encode(), [list(buckets)])
            for key_hash, first, second in cursor:
                yield key_hash, (first, second)

    def rows(
        self, table: str, *, key: tuple[str, ...], columns: tuple[str, ...], hashes: Sequence[int]
    ) -> Mapping[int, tuple[Texts, Texts]]:
        """Return key and columns of the rows with these key hashes, as text."""
        query = named_rows_query(table, key=key, columns=columns).encode()
        found: dict[int, tuple[Texts, Texts]] = {}
        for key_hash, *texts in self._connection.execute(query, [list(hashes)]):
            names, values = texts[: len(key)], texts[len(key) :]
            found[key_hash] = (
                dict(zip(key, names, strict=True)),
                dict(zip(columns, values, strict=True)),
            )
        return found

    def _table(self, table: str, *, key: tuple[str, ...], columns: tuple[str, ...]) -> TableFingerprint:
        query = fingerprint_query(table, key=key, columns=columns).encode()
        buckets = {
            Bucket(bucket): BucketFingerprint(rows, (int(first), int(second)))
            for bucket, rows, first, second in self._connection.execute(query)
        }
        return TableFingerprint(columns, buckets)


@contextmanager
def snapshot_of(dsn: str, build: Build) -> Iterator[PostgresBuildSnapshot]:
    """Yield a look at a build.

    Raises:
        StoreUnavailable: the server does not answer.
    """
    with closing(connect_for_writing(dsn, name=f"proof {build.schema}")) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        try:
            with connection.transaction():
                yield PostgresBuildSnapshot(connection, build)
        except psycopg.Error as error:
            raise translated(error) from error
