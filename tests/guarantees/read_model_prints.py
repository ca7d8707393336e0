"""Fingerprints of what serves now, and the wait until it has all of the log."""

import json
import time
from threading import Event, Thread
from typing import Final
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infra.kafka.vocabulary import KafkaVocabulary
from infra.postgres.builds import build_definition, serving_build
from infra.postgres.fingerprints import build_fingerprint
from infra.postgres.projector_list import list_projections
from infra.projector_process import ProjectorProcess
from infra.settings import Settings
from projections.fingerprint import Fingerprint
from projections.folder import folder_names
from tests.guarantees.log_account import is_scored_to_the_end
from tests.stacks import StackOfTests, wait_until

RUNNING: Final = ("running", "loading")


def behind(stack: StackOfTests) -> list[str]:
    """Return the read models that do not run or have not everything, with state and cause; [] when all is projected."""
    done = stack.run("projections", "list", "--json")
    try:
        listed = {one["read_model"]: one for one in json.loads(done.stdout)}
    except ValueError:
        return [done.stderr or done.stdout]
    missing = [f"{name} is not listed" for name in folder_names() if name not in listed]
    late = [one for one in listed.values() if one["lag_offsets"] != 0 or one["state"] not in RUNNING]
    return missing + [f"{one['read_model']} {one['state']} lag {one['lag_offsets']}: {one['cause']}" for one in late]


def wait_until_settled(stack: StackOfTests, *, deadline_s: float = 120) -> None:
    """Wait until everything in the log is scored, and every read model has that too."""
    bootstrap = stack.settings.kafka_bootstrap
    wait_until(lambda: is_scored_to_the_end(bootstrap), deadline_s=deadline_s, what="every reading is scored")
    deadline = time.monotonic() + deadline_s
    while left := behind(stack):
        assert time.monotonic() < deadline, left
        time.sleep(0.5)


def fresh_fingerprints(stack: StackOfTests, *, deadline_s: float = 120) -> dict[str, Fingerprint]:
    """Return the fingerprints of builds made just now from the whole log, in a database of their own."""
    name, passwords = f"fresh_{uuid4().hex}", json.loads((stack.home / "secrets.json").read_text())
    serving = conninfo_to_dict(stack.settings.postgres_dsn)
    owner = make_conninfo(**{**serving, "user": "postgres", "password": passwords["postgres"], "dbname": "postgres"})
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER telltale").format(sql.Identifier(name)))
    dsn = make_conninfo(**{**serving, "dbname": name})
    bootstrap, done = stack.settings.kafka_bootstrap, Event()
    process = ProjectorProcess(bootstrap=bootstrap, dsn=dsn, vocabulary=KafkaVocabulary(bootstrap))
    projecting = Thread(target=process.run, args=(folder_names(), lambda: not done.is_set()))
    projecting.start()
    try:
        wait_until(lambda: _is_complete(dsn), deadline_s=deadline_s, what="the fresh builds have everything")
    finally:
        done.set()
        projecting.join()
    return _fingerprints(dsn)


def _is_complete(dsn: str) -> bool:
    try:
        with psycopg.connect(dsn) as connection:
            listed = list_projections(connection)
    except psycopg.Error:  # its tables are just being made
        return False
    return {one.read_model for one in listed} == set(folder_names()) and all(one.lag_offsets == 0 for one in listed)


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
