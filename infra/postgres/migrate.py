"""Brings the schema `telltale` to what this program expects."""

from importlib import resources
from typing import Final

import psycopg

LOCK: Final = 0x74656C6C74616C65
"""Advisory lock of whoever migrates: several processes start at once."""


def migrate(connection: psycopg.Connection) -> None:
    """Apply the migrations that are missing, each in its own transaction; does nothing the second time."""
    for version, statements in _migrations():
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            connection.execute("CREATE SCHEMA IF NOT EXISTS telltale")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS telltale.migrations"
                " (version text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
            )
            known = connection.execute("SELECT 1 FROM telltale.migrations WHERE version = %s", [version]).fetchone()
            if known is None:
                connection.execute(statements)
                connection.execute("INSERT INTO telltale.migrations (version) VALUES (%s)", [version])


def _migrations() -> list[tuple[str, bytes]]:
    folder = resources.files("infra.postgres") / "migrations"
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    return [(file.name.removesuffix(".sql"), file.read_bytes()) for file in files if file.name.endswith(".sql")]
