"""The read models' database: PostgreSQL, loopback only, with generated passwords."""

import os
import shutil
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from infra.host.embedded.home import Home
from infra.host.embedded.postgres_user import PostgresPlace, postgres_place
from infra.host.supervisor.part import RunOnce
from infra.host.supervisor.program import NotReady, Program
from infra.host.supervisor.state import PartKind

OWNER: Final = "telltale"
READER: Final = "telltale_reader"
MLFLOW: Final = "mlflow"

_CONFIGURATION: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "192MB",
    "maintenance_work_mem": "128MB",
    "work_mem": "16MB",
    # Nothing is replicated from here, and a bulk load into a new table then writes no log twice.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}


class PostgresService:
    """PostgreSQL as a part of the stack."""

    name = "postgres"
    kind = PartKind.SERVICE
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    ready_deadline_s = 90.0
    fix = "look at the log above; read models can always be made again: `telltale reset` begins anew"

    def __init__(self, home: Home, *, port: int, passwords: Mapping[str, str]) -> None:
        self._home = home
        self._port = port
        self._passwords = passwords
        self._place: PostgresPlace | None = None

    @property
    def address(self) -> str:
        """Return host and port."""
        return f"127.0.0.1:{self._port}"

    def dsn(self, role: str, database: str) -> str:
        """Return how a role gets into a database."""
        return f"postgresql://{role}:{self._passwords[role]}@{self.address}/{database}"

    def prepare(self, run: RunOnce) -> None:
        """Make the database folder once: beside its place first, so that half a one is never taken for a whole."""
        place = self._place = postgres_place(self._home)
        if place.database.exists():
            return
        half = place.folder / f"half-{os.getpid()}"
        for left_over in place.folder.glob("half-*"):
            shutil.rmtree(left_over)
        with tempfile.NamedTemporaryFile("w", dir=place.folder) as password:
            password.write(self._passwords["postgres"])
            password.flush()
            if place.user is not None:
                os.chown(password.name, place.user, place.user)
            run(self._program(place, "initdb", *_initdb(half, password.name)))
        half.rename(place.database)

    def program(self) -> Program:
        """Return the server."""
        place = self._place or postgres_place(self._home)
        told = _CONFIGURATION | {"port": str(self._port)}
        options = [word for name, value in told.items() for word in ("-c", f"{name}={value}")]
        return self._program(place, "postgres", "-D", str(place.database), *options)

    def probe(self) -> None:
        """Answer a query."""
        try:
            with psycopg.connect(self.dsn("postgres", "postgres"), connect_timeout=3) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError as failure:
            raise NotReady(str(failure).strip()) from failure

    def settle(self) -> None:
        """Make the roles and databases: the owner of the read models, their reader, and MLflow's own."""
        try:
            self._make_roles_and_databases()
        except psycopg.OperationalError as failure:
            raise NotReady(str(failure).strip()) from failure

    def _make_roles_and_databases(self) -> None:
        with psycopg.connect(self.dsn("postgres", "postgres"), autocommit=True) as connection:
            for role in (OWNER, READER, MLFLOW):
                _ensure_role(connection, role, self._passwords[role])
            for database in (OWNER, MLFLOW):
                _ensure_database(connection, database, owner=database)
            # Every table of every build, made now or later, without a grant per build.
            connection.execute(sql.SQL("GRANT pg_read_all_data TO {}").format(sql.Identifier(READER)))
            connection.execute(
                sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(sql.Identifier(READER))
            )

    def _program(self, place: PostgresPlace, name: str, *arguments: str) -> Program:
        return Program(
            arguments=(str(place.programs / name), *arguments),
            environment={"LC_ALL": "C.UTF-8"},
            folder=place.folder,
            user=place.user,
            stop_signal=signal.SIGINT,  # ends the sessions; SIGTERM would wait for them
        )


def _initdb(folder: Path, password_file: str) -> tuple[str, ...]:
    return (
        f"--pgdata={folder}",
        "--username=postgres",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--locale=C.UTF-8",
    )


def _ensure_role(connection: psycopg.Connection, role: str, password: str) -> None:
    there = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = "ALTER" if there else "CREATE"
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(sql.SQL(verb), sql.Identifier(role), sql.Literal(password))
    )


def _ensure_database(connection: psycopg.Connection, database: str, *, owner: str) -> None:
    there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
    if not there:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(owner))
        )
    connection.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
    if database == OWNER:
        connection.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database), sql.Identifier(READER))
        )
