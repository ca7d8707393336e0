"""Fingerprints of a build's tables, taken in whatever snapshot the connection's transaction has."""

import psycopg

from infra.postgres.build_snapshot import PostgresBuildSnapshot
from infra.postgres.builds import Build
from projections.compare_builds import compared_columns
from projections.fingerprint import Fingerprint
from projections.folder import Folder


def build_fingerprint(connection: psycopg.Connection, build: Build, folder: Folder) -> Fingerprint:
    """Return the fingerprint of every table of `build` that `folder` names a key of.

    All tables are read in one snapshot when the caller's transaction is REPEATABLE READ.
    """
    with connection.transaction():
        snapshot = PostgresBuildSnapshot(connection, build)
        return snapshot.fingerprint(folder.keys, compared_columns(folder, snapshot))
