"""Connections as projectors and tools of ours use them."""

from typing import Final

import psycopg

from projections.ports import ProjectionError, StorageRefused, StoreUnavailable

CONNECT_TIMEOUT_S: Final = 5

_OF_THE_ROWS: Final = ("22", "23", "54")
"""SQLSTATE classes that rows can be to blame for: their values, the tables' constraints, a limit of what can be stored.
All others are ours or the server's (it went away, its disk is full, it takes reads only, a table is missing or
damaged): no record is to be passed over for them."""

_SESSION: Final = "-c timezone=UTC -c jit=off -c synchronous_commit=off -c temp_buffers=32MB -c work_mem=32MB"
"""A commit need not reach the disk: rows and checkpoint go back together, and the log still has the records."""


def connect_for_writing(dsn: str, *, name: str) -> psycopg.Connection:
    """Return a connection for projecting, seen as `name` in the server's lists.

    Raises:
        StoreUnavailable: the server does not answer.
    """
    try:
        return psycopg.connect(
            dsn,
            autocommit=True,  # every transaction is a block that says so
            application_name=name,
            connect_timeout=CONNECT_TIMEOUT_S,
            options=_SESSION,
            prepare_threshold=None,
            # A server that vanished without a word is noticed within a quarter of a minute.
            keepalives_idle=5,
            keepalives_interval=3,
            keepalives_count=3,
        )
    except psycopg.OperationalError as error:
        raise StoreUnavailable(f"PostgreSQL does not answer: {_first_line(error)}") from error


def translated(error: psycopg.Error) -> ProjectionError:
    """Return what a database error means to a projection: come again, or these rows can't be stored."""
    state = error.sqlstate
    if state is None:
        return StoreUnavailable(f"PostgreSQL: {_first_line(error)}")
    if state[:2] in _OF_THE_ROWS:
        return StorageRefused(f"{type(error).__name__} ({state}): {_first_line(error)}")
    return StoreUnavailable(f"PostgreSQL ({state}): {_first_line(error)}; no record is to blame, so it is tried again")


def _first_line(error: psycopg.Error) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
