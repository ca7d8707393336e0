"""Fingerprints of what serves now, and the wait until it has all of the log."""

import json

import psycopg

from infra.postgres.builds import build_definition, serving_build
from infra.postgres.fingerprints import build_fingerprint
from infra.settings import Settings
from projections.fingerprint import Fingerprint
from projections.folder import folder_names
from tests.guarantees.log_account import is_scored_to_the_end
from tests.stacks import StackOfTests, wait_until


def is_projected_to_the_end(stack: StackOfTests) -> bool:
    """Return whether every read model runs and has everything."""
    done = stack.run("projections", "list", "--json")
    listed = json.loads(done.stdout) if done.returncode == 0 else []
    named = {one["read_model"] for one in listed}
    return named == set(folder_names()) and all(one["lag_offsets"] == 0 for one in listed)


def wait_until_settled(stack: StackOfTests, *, deadline_s: float = 120) -> None:
    """Wait until everything in the log is scored, and every read model has that too."""
    bootstrap = stack.settings.kafka_bootstrap
    wait_until(lambda: is_scored_to_the_end(bootstrap), deadline_s=deadline_s, what="every reading is scored")
    wait_until(lambda: is_projected_to_the_end(stack), deadline_s=deadline_s, what="every read model has everything")


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
