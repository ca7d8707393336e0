"""Fingerprints of a build's tables, taken in whatever snapshot the connection's transaction has."""

import psycopg
from psycopg import sql

from infra.postgres.builds import Build
from projections.fingerprint import (
    Bucket,
    BucketFingerprint,
    Fingerprint,
    TableFingerprint,
    fingerprint_query,
)
from projections.folder import Folder


def build_fingerprint(connection: psycopg.Connection, build: Build, folder: Folder) -> Fingerprint:
    """Return the fingerprint of every table of `build` that `folder` names a key of.

    All tables are read in one snapshot when the caller's transaction is REPEATABLE READ.
    """
    with connection.transaction():
        connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(sql.Identifier(build.schema)))
        return Fingerprint({table: _table(connection, build, folder, table) for table in sorted(folder.keys)})


def _table(connection: psycopg.Connection, build: Build, folder: Folder, table: str) -> TableFingerprint:
    listed = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
        ' ORDER BY column_name COLLATE "C"',
        [build.schema, table],
    ).fetchall()
    columns = tuple(name for (name,) in listed if f"{table}.{name}" not in folder.excluded)
    query = fingerprint_query(table, key=folder.keys[table], columns=columns)
    buckets = {
        Bucket(bucket): BucketFingerprint(rows, (int(first), int(second)))
        for bucket, rows, first, second in connection.execute(query.encode())
    }
    return TableFingerprint(columns, buckets)
