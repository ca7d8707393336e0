"""Fingerprints of what serves now, and the wait until it has all of the log."""

import json
import time
from typing import Final
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from infra.postgres.builds import build_definition, serving_build
from infra.postgres.fingerprints import build_fingerprint
from infra.postgres.projector_list import list_projections
from infra.settings import Settings
from projections.fingerprint import Fingerprint
from projections.folder import folder_names
from tests.guarantees.log_account import is_scored_to_the_end
from tests.stacks import StackOfTests, wait_until

RUNNING: Final = ("running", "loading")


def behind(stack: StackOfTests) -> list[str]:
    """Return the read models that do not run or have not everything, with state and cause; [] when all is projected."""
    dsn = stack.environment.get("TELLTALE_POSTGRES_DSN", stack.settings.postgres_dsn)
    try:
        with psycopg.connect(dsn) as connection:
            listed = {one.read_model: one for one in list_projections(connection)}
    except psycopg.OperationalError as error:
        return [str(error)]
    missing = [f"{name} is not listed" for name in folder_names() if name not in listed]
    late = [one for one in listed.values() if one.lag_offsets != 0 or one.state not in RUNNING]
    return missing + [f"{one.read_model} {one.state} lag {one.lag_offsets}: {one.cause}" for one in late]


def wait_until_settled(stack: StackOfTests, *, deadline_s: float = 120) -> None:
    """Wait until everything in the log is scored, and every read model has that too."""
    bootstrap = stack.settings.kafka_bootstrap
    wait_until(lambda: is_scored_to_the_end(bootstrap), deadline_s=deadline_s, what="every reading is scored")
    wait_until_projected(stack, deadline_s=deadline_s)


def wait_until_projected(stack: StackOfTests, *, deadline_s: float) -> None:
    """Wait until every read model has all of the log."""
    deadline = time.monotonic() + deadline_s
    while left := behind(stack):
        assert time.monotonic() < deadline, left
        time.sleep(0.5)


def fresh_fingerprints(stack: StackOfTests, *, deadline_s: float = 120) -> dict[str, Fingerprint]:
    """Return the fingerprints of builds made just now from the whole log, in a database of their own."""
    name = f"fresh_{uuid4().hex}"
    secret = json.loads((stack.home / "secrets.json").read_text())["postgres"]
    serving = stack.settings.postgres_dsn
    with psycopg.connect(
        make_conninfo(serving, user="postgres", password=secret, dbname="postgres"), autocommit=True
    ) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER telltale").format(sql.Identifier(name)))
    dsn = make_conninfo(serving, dbname=name)
    beside = StackOfTests(stack.home, environment={"TELLTALE_POSTGRES_DSN": dsn})
    projector = beside.start("projector")
    try:
        wait_until_projected(beside, deadline_s=deadline_s)
    finally:
        projector.terminate()
        projector.communicate(timeout=60)
    return _fingerprints(dsn)


def fingerprints(settings: Settings) -> dict[str, Fingerprint]:
    """Return the fingerprint of every serving build."""
    return _fingerprints(settings.postgres_dsn)


def _fingerprints(dsn: str) -> dict[str, Fingerprint]:
    with psycopg.connect(dsn) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        found = {}
        for name in folder_names():
            build = serving_build(connection, name)
            assert build is not None, f"{name} has no build"
            found[name] = build_fingerprint(connection, build, build_definition(connection, build))
        return found
