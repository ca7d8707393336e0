"""Rebuilds that are interrupted, refused, only asked about, or have another log before them."""

import json
import re
from random import Random

import psycopg
import pytest

from infra.cli.main import run
from infra.exit_codes import ExitCode
from infra.postgres.builds import Build, live_builds, serving_build
from infra.postgres.kept_builds import PostgresBuilds
from projections.builds import NothingServes, RebuildRunning
from projections.folder import load_folder
from projections.rebuild_outcome import NotAccepted, ReadModelDrifted
from tests.integration.projections.random_log import random_log
from tests.integration.projections.rebuild.rebuilding import desk, positions, schemas, serving, with_changed_sql
from tests.wired import wired


@pytest.mark.parametrize("interrupted_at", ["loading", "building indexes", "proving"])
def test_an_interrupted_rebuild_is_found_again_and_goes_on(
    connection: psycopg.Connection, dsn: str, interrupted_at: str
) -> None:
    log = random_log(3)
    serving(connection, dsn, "readings", log)

    def interrupt(step: str, _done: int, _total: int) -> None:
        if step == interrupted_at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk(dsn, log, chance=Random(4)).rebuild("readings", progress=interrupt)
    assert serving_build(connection, "readings") == Build("readings", 1)
    assert live_builds(connection, "readings") == (Build("readings", 1),), "nobody follows half a build"
    rebuilt = desk(dsn, log).rebuild("readings")
    assert rebuilt.swap.move.to_build == 2, "it made another build instead of going on"
    assert rebuilt.proof is not None
    assert rebuilt.proof.whole


def test_a_build_left_by_other_sql_is_discarded(connection: psycopg.Connection, dsn: str) -> None:
    log = random_log(3)
    serving(connection, dsn, "readings", log)
    with pytest.raises(NotAccepted):
        desk(dsn, log, with_changed_sql(load_folder("readings"))).rebuild("readings")
    assert desk(dsn, log).rebuild("readings").swap.move.to_build == 3
    assert connection.execute("SELECT to_regnamespace('readings_b2')").fetchone() == (None,)


def test_one_rebuild_at_a_time(connection: psycopg.Connection, dsn: str) -> None:
    log = random_log(3)
    serving(connection, dsn, "models", log)
    with PostgresBuilds(dsn).one_at_a_time(), pytest.raises(RebuildRunning):
        desk(dsn, log).rebuild("models")


def test_without_a_serving_build_there_is_nothing_to_rebuild(dsn: str) -> None:
    with pytest.raises(NothingServes):
        desk(dsn, random_log(3)).rebuild("models")


def test_another_log_is_loaded_and_serves_only_when_somebody_says_why(connection: psycopg.Connection, dsn: str) -> None:
    serving(connection, dsn, "readings", random_log(3))
    other = random_log(4)
    other.topic_id = "second-topic-id"
    with pytest.raises(NotAccepted, match="reset or restored"):
        desk(dsn, other).rebuild("readings")
    rebuilt = desk(dsn, other).rebuild("readings", accept=lambda _proof, why: f"we know: {why}")
    assert rebuilt.proof is None
    assert serving_build(connection, "readings") == Build("readings", 2)


def test_a_log_without_its_first_records_is_no_full_rebuild_and_says_so(
    connection: psycopg.Connection, dsn: str
) -> None:
    log = random_log(3)
    first = serving(connection, dsn, "readings", log)
    log.delete_below(3, partition=2)

    with pytest.raises(
        ReadModelDrifted, match=r"not a full rebuild.*first records of sensor-events/2, which only"
    ) as no:
        desk(dsn, log).rebuild("readings")
    [table] = [one for one in no.value.proof.differences if one.table == "readings"]
    # One of the deleted records stands in the log again, later: there it is the first now.
    assert (table.only_here, table.different) == (1, 0)
    assert 1 < table.only_there <= 3
    assert serving_build(connection, "readings") == first
    rebuilt = desk(dsn, log).rebuild("readings", accept=lambda _proof, _why: "the first days may go")
    assert [str(where) for where in rebuilt.partial] == ["sensor-events/2"]


def test_a_dry_run_says_what_a_rebuild_would_take_and_changes_nothing(
    connection: psycopg.Connection, dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log = random_log(3)
    first = serving(connection, dsn, "readings", log)
    ends = [end for where, end in log.ends.items() if where.topic == "sensor-events"]
    before = schemas(connection), positions(connection, first.schema)

    over = wired(rebuild_desk=desk(dsn, log))
    assert run(["rebuild", "readings", "--dry-run"], over) == ExitCode.YES
    said = capsys.readouterr().out
    assert re.search(rf"readings: {sum(ends):,} records, about \d+ s; the SQL is that of the serving build", said)
    assert re.search(r"disk: about \d+\.\d\d GB needed, (\d[\d,]*\.\d\d GB|not known from here) free", said)
    assert run(["rebuild", "readings", "--dry-run", "--json"], over) == ExitCode.YES
    [estimate] = json.loads(capsys.readouterr().out)
    assert (estimate["events"], estimate["same_sql"], estimate["unfinished"]) == (sum(ends), True, None)
    assert estimate["bytes_needed"] > 0

    assert (serving_build(connection, "readings"), live_builds(connection, "readings")) == (first, (first,))
    assert before == (schemas(connection), positions(connection, first.schema))
    assert connection.execute("SELECT count(*) FROM telltale.proofs").fetchone() == (0,)
