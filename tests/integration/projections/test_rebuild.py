"""A rebuild over a log in memory and real tables: proof, swap, undo, what is left by an interruption."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from random import Random

import psycopg
import pytest
from psycopg import sql

from infra.cli.main import run
from infra.exit_codes import ExitCode
from infra.host.embedded.postgres import PostgresService
from infra.postgres.builds import Build, ensure_serving_build, live_builds, serving_build
from infra.postgres.connections import connect_for_writing
from infra.postgres.fingerprints import build_fingerprint
from infra.postgres.kept_builds import PostgresBuilds
from projections.build_proof import EXAMPLES, Proof
from projections.builds import NothingServes, RebuildRefused, RebuildRunning
from projections.checkpoints import TopicPartition
from projections.fingerprint import differing_buckets
from projections.folder import Folder, load_folder
from projections.rebuild import RebuildDesk
from projections.rebuild_outcome import NotAccepted, ReadModelDrifted
from tests.builders import a_reading
from tests.fakes.projections import FakeLog, FakeRecordSource, FakeVocabulary
from tests.integration.projections.projecting import a_projector, project_to_end
from tests.integration.projections.random_log import profiles_by_ref, random_log
from tests.integration.query_api.conftest import a_database
from tests.wired import wired

_numbers = count(1)


@pytest.fixture
def dsn(postgres: PostgresService) -> str:
    """Return an empty database of the test's own."""
    return a_database(postgres, f"rebuild_{next(_numbers)}")


@pytest.fixture
def connection(dsn: str) -> Iterator[psycopg.Connection]:
    with connect_for_writing(dsn, name="test") as opened:
        yield opened


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


def schemas(connection: psycopg.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT nspname FROM pg_namespace ORDER BY nspname").fetchall()]


def serving(connection: psycopg.Connection, dsn: str, name: str, log: FakeLog) -> Build:
    """Return the first build of `name`, serving and at the end of the log."""
    build = ensure_serving_build(connection, load_folder(name))
    follow(dsn, build, log)
    return build


def follow(dsn: str, build: Build, log: FakeLog) -> None:
    """Bring a build to the log's end, as its projector would."""
    with a_projector(dsn, build, load_folder(build.read_model), log, a_vocabulary()) as projector:
        projector.open()
        project_to_end(projector, log)


def desk(dsn: str, log: FakeLog, *folders: Folder, chance: Random | None = None) -> RebuildDesk:
    """Return a desk over `log`; `folders` are other than the files say."""
    changed = {folder.name: folder for folder in folders}
    return RebuildDesk(
        builds=PostgresBuilds(dsn),
        sources=lambda _name: FakeRecordSource(log, chance),
        vocabulary=a_vocabulary(),
        folder=lambda name: changed.get(name) or load_folder(name),
        actor="tester",
    )


def with_changed_sql(folder: Folder) -> Folder:
    """Return `readings` with one more column."""
    schema = folder.schema_sql.replace("anomaly_type text NOT NULL,", "anomaly_type text NOT NULL,\n    length int,")
    step = folder.apply_sql.replace('anomaly_type, "values")', 'anomaly_type, length, "values")')
    step = step.replace("    END,\n", '    END,\n    cardinality("values"),\n')
    return replace(folder, texts={**folder.texts, "schema.sql": schema, "apply.sql": step})


def a_vocabulary() -> FakeVocabulary:
    return FakeVocabulary(profiles=profiles_by_ref())


def positions(connection: psycopg.Connection, schema: str) -> dict[TopicPartition, int]:
    place = sql.Identifier(schema, "checkpoint")
    rows = connection.execute(sql.SQL("SELECT topic, partition, next_offset FROM {}").format(place))
    return {TopicPartition(topic, partition): offset for topic, partition, offset in rows}
