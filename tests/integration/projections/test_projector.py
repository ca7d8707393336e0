"""The projector's promises: rows and checkpoint together, nothing twice, nothing passed over in silence."""

from dataclasses import replace

import psycopg
import pytest
from psycopg import sql

from infra.postgres.builds import build_definition, ensure_serving_build, live_builds, serving_build
from projections.checkpoints import TopicPartition
from projections.folder import Folder, load_folder
from projections.ports import BuildInUse, CheckpointMoved, LogIsNotTheOneProjected, StoreUnavailable
from projections.projector import RecordRefused
from projections.status import ProjectorState
from tests.builders import a_profile, a_reading
from tests.fakes.projections import FakeLog, FakeVocabulary
from tests.integration.projections.projecting import a_build, a_projector, project_to_end, projected

ENVIRONMENT = a_profile()


def test_checkpoint_is_past_the_marker_that_ends_a_transaction(connection: psycopg.Connection, database: str) -> None:
    log = a_log(readings=3)
    log.append_marker("sensor-events")
    projected(connection, database, "readings", log, a_vocabulary())
    row = connection.execute("SELECT next_offset, last_offset FROM checkpoint WHERE partition = 0").fetchone()
    assert row == (4, 2)


def test_a_restarted_projector_goes_on_at_its_checkpoint(connection: psycopg.Connection, database: str) -> None:
    log, build = a_log(readings=3), a_build(connection, "readings")
    for _ in range(2):
        with a_projector(database, build, load_folder("readings"), log, a_vocabulary()) as projector:
            projector.open()
            project_to_end(projector, log)
        log.append(a_reading(99))
    assert offsets(connection, build.schema) == [0, 1, 2, 3]


def test_known_at_never_steps_back(connection: psycopg.Connection, database: str) -> None:
    log = FakeLog()
    for appended_s in (10, 5, 12):
        log.append(a_reading(appended_s), appended_s=appended_s)
    projected(connection, database, "readings", log, a_vocabulary())
    known = connection.execute('SELECT extract(second FROM known_at)::int FROM readings ORDER BY "offset"').fetchall()
    assert [second for (second,) in known] == [10, 10, 12]


def test_a_bad_record_is_in_rejected_with_its_reason_and_in_no_table(
    connection: psycopg.Connection, database: str
) -> None:
    log = a_log(readings=1)
    log.append(b"nonsense")
    log.append(a_reading(5, measurements={"temperature": float("nan")}))
    log.append(a_reading(6))
    build = projected(connection, database, "readings", log, a_vocabulary())
    assert offsets(connection, build.schema) == [0, 3]
    rejected = connection.execute('SELECT "offset", error FROM rejected ORDER BY "offset"').fetchall()
    assert rejected == [(1, "not_avro"), (2, "not_admitted")]


def test_a_reading_of_an_unknown_profile_waits_and_the_ones_before_it_do_not(
    connection: psycopg.Connection, database: str
) -> None:
    log, vocabulary, folder = a_log(readings=5), a_vocabulary(), load_folder("readings")
    unknown = log.append(a_reading(9, profile="pump@1", measurements={"flow": 1.0}))
    log.append(a_reading(10), partition=1)
    build = a_build(connection, "readings")
    with a_projector(database, build, folder, log, vocabulary) as projector:
        projector.open()
        projector.step()
        projector.settle()
        assert (projector.status.state, projector.status.position) == (ProjectorState.WAITING, unknown)
        assert "pump@1" in str(projector.status.cause)
        assert len(offsets(connection, build.schema)) == 6
        vocabulary.learns.append(a_profile("pump", channels=("flow",)))
        projector.open()
        project_to_end(projector, log)
    assert len(offsets(connection, build.schema)) == 7


def test_a_record_that_cannot_be_stored_stops_the_projection_before_it(
    connection: psycopg.Connection, database: str
) -> None:
    log, folder = a_log(readings=700), stubborn_readings()
    bad = log.append(a_reading(1000, machine_id="unstorable"))
    log.append(a_reading(1001))
    build = a_build(connection, "readings")
    with a_projector(database, build, folder, log, a_vocabulary()) as projector:
        projector.open()
        with pytest.raises(RecordRefused) as refused:
            project_to_end(projector, log)
    assert refused.value.position == bad
    assert offsets(connection, build.schema) == list(range(700))


def test_a_record_that_a_person_said_to_skip_is_passed_over_and_noted(
    connection: psycopg.Connection, database: str
) -> None:
    log, vocabulary = a_log(readings=1), a_vocabulary()
    bad = log.append(a_reading(1000, machine_id="unstorable"))
    log.append(a_reading(1001))
    vocabulary.skipped[bad] = "the machine never existed"
    build = a_build(connection, "readings")
    with a_projector(database, build, stubborn_readings(), log, vocabulary) as projector:
        projector.open()
        project_to_end(projector, log)
    assert offsets(connection, build.schema) == [0, 2]
    connection.execute(f"SET search_path TO {build.schema}")
    rejected = connection.execute('SELECT "offset", error, message FROM rejected').fetchall()
    assert rejected == [(1, "skipped", "the machine never existed")]


def test_ids_that_hold_line_breaks_are_kept_apart(connection: psycopg.Connection, database: str) -> None:
    log = FakeLog()
    for machine_id, sensor_id in (("a\nb", "c"), ("a", "b\nc"), ("1/1", "a"), ("1", "/1a")):
        log.append(a_reading(machine_id=machine_id, sensor_id=sensor_id))
    projected(connection, database, "readings", log, a_vocabulary())
    named = connection.execute('SELECT machine_id, sensor_id FROM readings_named ORDER BY "offset"').fetchall()
    assert named == [("a\nb", "c"), ("a", "b\nc"), ("1/1", "a"), ("1", "/1a")]


def test_a_server_that_takes_reads_only_blames_no_record_and_is_tried_again(
    connection: psycopg.Connection, database: str
) -> None:
    log, build = a_log(readings=2), a_build(connection, "readings")
    folder = load_folder("readings")
    reads_only = replace(folder, texts={**folder.texts, "apply.sql": f"SET TRANSACTION READ ONLY; {folder.apply_sql}"})
    with a_projector(database, build, reads_only, log, a_vocabulary()) as projector:
        projector.open()
        with pytest.raises(StoreUnavailable, match="25006"):
            project_to_end(projector, log)
    with a_projector(database, build, load_folder("readings"), log, a_vocabulary()) as projector:
        projector.open()
        project_to_end(projector, log)
    assert offsets(connection, build.schema) == [0, 1]


def test_a_second_projector_of_a_build_stands_by(connection: psycopg.Connection, database: str) -> None:
    log, folder, build = a_log(readings=1), load_folder("readings"), a_build(connection, "readings")
    with (
        a_projector(database, build, folder, log, a_vocabulary()) as first,
        a_projector(database, build, folder, log, a_vocabulary()) as second,
    ):
        first.open()
        with pytest.raises(BuildInUse):
            second.open()
        first.close()
        second.open()


def test_a_checkpoint_moved_by_another_stops_the_projector_before_a_row_is_written(
    connection: psycopg.Connection, database: str
) -> None:
    log, build = a_log(readings=3), a_build(connection, "readings")
    with a_projector(database, build, load_folder("readings"), log, a_vocabulary()) as projector:
        projector.open()
        connection.execute(f"SET search_path TO {build.schema}")
        connection.execute("UPDATE checkpoint SET next_offset = 2 WHERE partition = 0")
        with pytest.raises(CheckpointMoved):
            project_to_end(projector, log)
    assert offsets(connection, build.schema) == []


@pytest.mark.parametrize("change", ["made anew", "another record", "shorter"])
def test_a_log_that_is_not_the_one_projected_is_refused(
    connection: psycopg.Connection, database: str, change: str
) -> None:
    log, build = a_log(readings=3), a_build(connection, "readings")
    with a_projector(database, build, load_folder("readings"), log, a_vocabulary()) as projector:
        projector.open()
        project_to_end(projector, log)
    other = {"made anew": a_log(readings=3), "another record": a_log(readings=2), "shorter": a_log(readings=2)}[change]
    if change == "made anew":
        other.topic_id = "second-topic-id"
    if change == "another record":
        other.append(a_reading(77))
    with (
        a_projector(database, build, load_folder("readings"), other, a_vocabulary()) as projector,
        pytest.raises(LogIsNotTheOneProjected),
    ):
        projector.open()


def test_a_build_keeps_the_texts_it_was_made_from(connection: psycopg.Connection, database: str) -> None:
    build = a_build(connection, "readings")
    assert build_definition(connection, build) == load_folder("readings")


def test_the_first_build_serves_and_is_made_once(connection: psycopg.Connection) -> None:
    folder = load_folder("scoring")
    first = ensure_serving_build(connection, folder)
    assert ensure_serving_build(connection, folder) == first == serving_build(connection, "scoring")
    assert first in live_builds(connection, "scoring")


def test_indexes_are_there_once_the_end_was_reached(connection: psycopg.Connection, database: str) -> None:
    log, build = a_log(readings=3), a_build(connection, "readings")
    with a_projector(database, build, load_folder("readings"), log, a_vocabulary()) as projector:
        projector.open()
        states = [projector.status.state]
        project_to_end(projector, log)
        states.append(projector.status.state)
    assert states == [ProjectorState.LOADING, ProjectorState.RUNNING]
    found = connection.execute("SELECT indexname FROM pg_indexes WHERE schemaname = %s", [build.schema]).fetchall()
    assert ("readings_time",) in found


def test_the_log_is_told_where_the_projector_is(connection: psycopg.Connection, database: str) -> None:
    log, build = a_log(readings=3), a_build(connection, "readings")
    with a_projector(database, build, load_folder("readings"), log, a_vocabulary()) as projector:
        projector.open()
        project_to_end(projector, log)
        assert projector.status.checkpoints[TopicPartition("sensor-events", 0)].next_offset == 3


def a_log(readings: int) -> FakeLog:
    """Return a log with readings of one machine."""
    log = FakeLog()
    for second in range(readings):
        log.append(a_reading(second))
    return log


def a_vocabulary() -> FakeVocabulary:
    """Return what is needed to read `a_log`."""
    return FakeVocabulary(profiles={ENVIRONMENT.ref: ENVIRONMENT})


def stubborn_readings() -> Folder:
    """Return `readings` with a step that fails at the machine called unstorable."""
    folder = load_folder("readings")
    refusal = "SELECT 1 / (CASE WHEN machine_id = 'unstorable' THEN 0 ELSE 1 END) FROM batch;"
    return replace(folder, texts={**folder.texts, "apply.sql": folder.apply_sql + refusal})


def offsets(connection: psycopg.Connection, schema: str) -> list[int]:
    """Return the offsets in `readings`, ascending."""
    rows = connection.execute(
        sql.SQL('SELECT "offset" FROM {}.readings ORDER BY "offset"').format(sql.Identifier(schema))
    )
    return [offset for (offset,) in rows]
