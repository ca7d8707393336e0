"""kill -9 between rows and commit: nothing lost, nothing twice."""

import signal
import subprocess
import sys
import time

import psycopg
import pytest

from infra.postgres.builds import Build
from infra.postgres.fingerprints import build_fingerprint
from projections.fingerprint import differing_buckets
from projections.folder import load_folder
from tests.fakes.projections import FakeVocabulary
from tests.integration.projections.killed_projector import LOG_SEED
from tests.integration.projections.projecting import a_build, projected
from tests.integration.projections.random_log import profiles_by_ref, random_log

DEADLINE_S = 60.0


@pytest.mark.parametrize("name", ["reading_buckets", "sensors"])
def test_a_projector_killed_between_rows_and_commit_loses_nothing_and_repeats_nothing(
    connection: psycopg.Connection, database: str, name: str
) -> None:
    folder, vocabulary = load_folder(name), FakeVocabulary(profiles=profiles_by_ref())
    straight = projected(connection, database, name, random_log(LOG_SEED), vocabulary)
    expected = build_fingerprint(connection, straight, folder)
    killed = a_build(connection, name)
    for dies_in in (1, 3, 5):
        assert _run(database, killed, dies_in) == -signal.SIGKILL
        _wait_until_free(connection, killed)
    assert _run(database, killed, 0) == 0
    assert differing_buckets(expected, build_fingerprint(connection, killed, folder)) == {}


def _run(dsn: str, build: Build, dies_in: int) -> int:
    module = "tests.integration.projections.killed_projector"
    words = (sys.executable, "-m", module, dsn, build.read_model, str(build.number), str(dies_in))
    return subprocess.run(words, check=False, timeout=DEADLINE_S).returncode


def _wait_until_free(connection: psycopg.Connection, build: Build) -> None:
    """Return once the server has noticed that the dead one's session is over."""
    deadline = time.monotonic() + DEADLINE_S
    name = f"projector {build.schema}"
    while connection.execute("SELECT 1 FROM pg_stat_activity WHERE application_name = %s", [name]).fetchone():
        assert time.monotonic() < deadline
        time.sleep(0.02)
