"""PostgreSQL alone, started for these tests."""

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
import pytest

from infra.host.embedded.home import Home
from infra.host.embedded.network_ports import PortClaims, choose_ports
from infra.host.embedded.postgres import MLFLOW, OWNER, READER, PostgresService
from infra.host.supervisor.program import NotReady, Program
from infra.postgres.connections import connect_for_writing
from infra.postgres.migrate import migrate
from tests.tied import tied

DEADLINE_S: Final = 60.0
_PASSWORDS: Final = {role: f"{role}-of-a-throw-away" for role in ("postgres", OWNER, READER, MLFLOW)}


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresService]:
    """Yield a running server that is stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="telltale-test-"))
    folder.chmod(0o755)  # PostgreSQL may run as another user
    home = Home(folder)
    home.create()
    claims = PortClaims()
    service = PostgresService(home, port=choose_ports(home, ["postgres"], claims)["postgres"], passwords=_PASSWORDS)
    service.prepare(_run)
    program = service.program()
    with (folder / "postgres.log").open("wb") as log:
        server = subprocess.Popen(
            (*program.arguments, "-c", "fsync=off", "-c", "full_page_writes=off"),
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            cwd=program.folder,
            user=program.user,
            group=program.user,
            extra_groups=None if program.user is None else (),
            preexec_fn=tied,  # noqa: PLW1509 - it calls the system once and nothing else
        )
    try:
        _wait_until_ready(service)
        service.settle()
        yield service
    finally:
        server.send_signal(signal.SIGQUIT)  # at once, without writing anything down
        server.wait(DEADLINE_S)
        claims.release()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def database(postgres: PostgresService) -> str:
    """Return the DSN of a migrated database; tests keep apart by making builds of their own."""
    dsn = postgres.dsn(OWNER, OWNER)
    with connect_for_writing(dsn, name="test") as connection:
        migrate(connection)
    return dsn


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection]:
    """Yield an autocommitting connection."""
    with connect_for_writing(database, name="test") as opened:
        yield opened


def _run(program: Program) -> None:
    subprocess.run(
        program.arguments,
        check=True,
        capture_output=True,
        cwd=program.folder,
        user=program.user,
        group=program.user,
        extra_groups=None if program.user is None else (),
    )


def _wait_until_ready(service: PostgresService) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            service.probe()
        except NotReady:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
