"""Fingerprints of what serves now, and the wait until it has all of the log."""

import json
import time
from typing import Final

import psycopg

from infra.postgres.builds import build_definition, serving_build
from infra.postgres.fingerprints import build_fingerprint
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


def fingerprints(settings: Settings) -> dict[str, Fingerprint]:
    """Return the fingerprint of every serving build."""
    with psycopg.connect(settings.postgres_dsn) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        found = {}
        for name in folder_names():
            build = serving_build(connection, name)
            assert build is not None, f"{name} has no build"
            found[name] = build_fingerprint(connection, build, build_definition(connection, build))
        return found
