"""A rebuild over a log in memory and real tables: proof, swap, undo, what is left by an interruption."""

import psycopg
import pytest

from infra.postgres.builds import Build, live_builds, serving_build
from infra.postgres.fingerprints import build_fingerprint
from projections.build_proof import EXAMPLES, Proof
from projections.builds import RebuildRefused
from projections.fingerprint import differing_buckets
from projections.folder import load_folder
from projections.rebuild_outcome import NotAccepted, ReadModelDrifted
from tests.builders import a_reading
from tests.integration.projections.random_log import random_log
from tests.integration.projections.rebuild.rebuilding import desk, follow, positions, serving, with_changed_sql


@pytest.mark.parametrize("name", ["readings", "reading_buckets", "sensors", "scoring"])
def test_a_rebuild_is_proven_equal_and_serves(connection: psycopg.Connection, dsn: str, name: str) -> None:
    log = random_log(3)
    first = serving(connection, dsn, name, log)
    rebuilt = desk(dsn, log).rebuild(name)
    assert rebuilt.proof is not None
    assert (rebuilt.proof.whole, rebuilt.proof.same_sql, rebuilt.swap.move.because) == (True, True, None)
    assert rebuilt.proof.rows > 0
    second = Build(name, 2)
    assert serving_build(connection, name) == second
    assert live_builds(connection, name) == (first, second)
    folder = load_folder(name)
    assert (
        differing_buckets(build_fingerprint(connection, first, folder), build_fingerprint(connection, second, folder))
        == {}
    )


def test_the_candidate_stops_exactly_where_the_serving_build_is(connection: psycopg.Connection, dsn: str) -> None:
    log = random_log(3)
    serving(connection, dsn, "readings", log)
    before = positions(connection, "readings_b1")
    for second in range(50):
        log.append(a_reading(5000 + second), partition=second % 8)
    rebuilt = desk(dsn, log).rebuild("readings")
    assert rebuilt.proof is not None
    assert rebuilt.proof.positions == before
    assert positions(connection, "readings_b2") == before, "it read beyond what it was compared at"


def test_a_marker_before_the_cut_is_no_obstacle(connection: psycopg.Connection, dsn: str) -> None:
    log = random_log(3)
    for partition in range(8):
        log.append_marker("sensor-events", partition)
        log.append_marker("sensor-events", partition)
    serving(connection, dsn, "readings", log)
    before = positions(connection, "readings_b1")
    log.append(a_reading(9000), partition=2)
    assert desk(dsn, log).rebuild("readings").proof is not None
    assert positions(connection, "readings_b2") == before


def test_one_falsified_row_is_named_and_nothing_is_swapped(connection: psycopg.Connection, dsn: str) -> None:
    log = random_log(3)
    serving(connection, dsn, "readings", log)
    connection.execute(
        """UPDATE readings_b1.readings SET anomaly_type = 'invented'
           WHERE partition = 3
               AND "offset" = (SELECT min("offset") FROM readings_b1.readings WHERE partition = 3)"""
    )
    with pytest.raises(ReadModelDrifted) as drifted:
        desk(dsn, log).rebuild("readings")
    [table] = drifted.value.proof.differences
    assert (table.table, table.only_here, table.only_there, table.different) == ("readings", 0, 0, 1)
    [row] = table.examples
    assert row.key["partition"] == "3"
    assert row.there == {"anomaly_type": "invented"}
    assert row.here is not None
    assert row.here["anomaly_type"] != "invented"
    assert serving_build(connection, "readings") == Build("readings", 1)
    equal, differences = connection.execute("SELECT equal, differences FROM telltale.proofs").fetchone() or ()
    assert (equal, differences[0]["different"]) == (False, 1)


def test_the_logs_answer_takes_the_place_of_a_falsified_one_when_somebody_says_why(
    connection: psycopg.Connection, dsn: str
) -> None:
    log = random_log(3)
    serving(connection, dsn, "readings", log)
    connection.execute("DELETE FROM readings_b1.readings WHERE partition = 2")
    with pytest.raises(ReadModelDrifted):
        desk(dsn, log).rebuild("readings")
    rebuilt = desk(dsn, log).rebuild("readings", accept=lambda _proof, _why: "the log is right")
    assert (rebuilt.swap.move.to_build, rebuilt.swap.move.because) == (2, "the log is right")
    row = connection.execute("SELECT actor, because, undo, proof IS NOT NULL FROM telltale.swaps").fetchone()
    assert row == ("tester", "the log is right", False, True)


def test_many_different_rows_are_counted_and_some_named(connection: psycopg.Connection, dsn: str) -> None:
    log = random_log(3)
    serving(connection, dsn, "readings", log)
    (touched,) = connection.execute("SELECT count(*) FROM readings_b1.readings WHERE partition < 4").fetchone() or (0,)
    connection.execute("UPDATE readings_b1.readings SET known_at = known_at + interval '1 s' WHERE partition < 4")
    proof = desk(dsn, log).prove("readings")
    [table] = proof.differences
    assert (table.different, len(table.examples)) == (touched, EXAMPLES)


def test_proving_alone_swaps_nothing_and_leaves_nothing(connection: psycopg.Connection, dsn: str) -> None:
    log = random_log(3)
    first = serving(connection, dsn, "readings", log)
    assert desk(dsn, log).prove("readings").equal
    assert serving_build(connection, "readings") == first
    assert live_builds(connection, "readings") == (first,)
    assert connection.execute("SELECT to_regnamespace('readings_b2')").fetchone() == (None,)


def test_changed_sql_asks_and_shows_what_it_changes(connection: psycopg.Connection, dsn: str) -> None:
    log = random_log(3)
    serving(connection, dsn, "readings", log)
    asked: list[Proof | None] = []

    def accept(proof: Proof | None, _why: str | None) -> str | None:
        asked.append(proof)
        return "better so" if len(asked) > 1 else None

    changed = with_changed_sql(load_folder("readings"))
    with pytest.raises(NotAccepted):
        desk(dsn, log, changed).rebuild("readings", accept=accept)
    assert serving_build(connection, "readings") == Build("readings", 1)
    desk(dsn, log, changed).rebuild("readings", accept=accept)
    for proof in asked:
        assert proof is not None
        assert (proof.equal, proof.whole, proof.same_sql) == (True, False, False)
        assert proof.unshared == ("readings.length",)
    assert connection.execute("SELECT count(*) > 0 FROM readings_b2.readings WHERE length > 0").fetchone() == (True,)


def test_undo_is_the_same_update_back_and_loses_no_row(connection: psycopg.Connection, dsn: str) -> None:
    log = random_log(3)
    first = serving(connection, dsn, "readings", log)
    rows = desk(dsn, log)
    rows.rebuild("readings")
    log.append(a_reading(7000), partition=1)
    for build in (first, Build("readings", 2)):
        follow(dsn, build, log)
    swap = rows.undo("readings")
    assert (swap.move.from_build, swap.move.to_build, swap.move.undo) == (2, 1, True)
    assert serving_build(connection, "readings") == first
    there = connection.execute("SELECT count(*) FROM readings_b1.readings").fetchone()
    assert there == connection.execute("SELECT count(*) FROM readings_b2.readings").fetchone()
    assert rows.undo("readings").move.to_build == 2, "an undo can be undone"


def test_undo_brings_a_build_nobody_projects_up_to_the_serving_one(connection: psycopg.Connection, dsn: str) -> None:
    log = random_log(3)
    first = serving(connection, dsn, "readings", log)
    desk(dsn, log).rebuild("readings")
    log.append(a_reading(7000), partition=1)
    follow(dsn, Build("readings", 2), log)
    desk(dsn, log).undo("readings")
    assert serving_build(connection, "readings") == first
    assert positions(connection, "readings_b1") == positions(connection, "readings_b2")


def test_one_earlier_build_is_kept_and_the_one_before_it_is_discarded(connection: psycopg.Connection, dsn: str) -> None:
    log = random_log(3)
    serving(connection, dsn, "models", log)
    rebuild = desk(dsn, log)
    assert rebuild.rebuild("models").discarded == ()
    assert rebuild.rebuild("models").discarded == (1,)
    assert [build.number for build in live_builds(connection, "models")] == [2, 3]
    assert rebuild.discard("models") == (2,)
    with pytest.raises(RebuildRefused, match="nothing to go back to"):
        rebuild.undo("models")
