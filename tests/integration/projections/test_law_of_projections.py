"""The tables after a set of records depend on the set and on the order within partitions, on nothing else."""

from random import Random

import psycopg
import pytest

from infra.postgres.builds import Build, create_build
from infra.postgres.fingerprints import build_fingerprint
from projections.fingerprint import Fingerprint, differing_buckets
from projections.folder import folder_names, load_folder
from tests.fakes.projections import FakeLog, FakeVocabulary
from tests.integration.projections.projecting import a_projector, project_to_end, projected
from tests.integration.projections.random_log import profiles_by_ref, random_log

SEEDS = (1, 2)


@pytest.mark.parametrize("name", folder_names())
def test_any_batching_and_interleaving_gives_the_same_fingerprint(
    connection: psycopg.Connection, database: str, name: str
) -> None:
    log = random_log(7)
    vocabulary = FakeVocabulary(profiles=profiles_by_ref())
    at_once = projected(connection, database, name, log, vocabulary)
    expected = _fingerprint(connection, at_once)
    assert all(table.rows for table in expected.tables.values()), "a table without rows proves nothing"
    for seed in SEEDS:
        in_pieces = projected(connection, database, name, log, vocabulary, chance=Random(seed))
        assert differing_buckets(expected, _fingerprint(connection, in_pieces)) == {}


@pytest.mark.parametrize("name", folder_names())
def test_a_projector_that_is_replaced_again_and_again_gives_the_same_fingerprint(
    connection: psycopg.Connection, database: str, name: str
) -> None:
    log = random_log(11)
    vocabulary = FakeVocabulary(profiles=profiles_by_ref())
    expected = _fingerprint(connection, projected(connection, database, name, log, vocabulary))
    replaced = _projected_with_replacements(connection, database, name, log, vocabulary)
    assert differing_buckets(expected, _fingerprint(connection, replaced)) == {}


@pytest.mark.parametrize("name", folder_names())
def test_a_build_that_had_the_first_half_when_its_load_ended_has_the_same_fingerprint(
    connection: psycopg.Connection, database: str, name: str
) -> None:
    log = random_log(13)
    vocabulary = FakeVocabulary(profiles=profiles_by_ref())
    expected = _fingerprint(connection, projected(connection, database, name, log, vocabulary))
    folder = load_folder(name)
    build = create_build(connection, folder)
    for held in (_first_half(log), log):
        with a_projector(database, build, folder, held, vocabulary, chance=Random(3)) as projector:
            projector.open()
            project_to_end(projector, held)
    assert differing_buckets(expected, _fingerprint(connection, build)) == {}


def test_one_changed_row_changes_one_bucket(connection: psycopg.Connection, database: str) -> None:
    build = projected(connection, database, "readings", random_log(7), FakeVocabulary(profiles=profiles_by_ref()))
    before = _fingerprint(connection, build)
    connection.execute(
        """UPDATE readings SET "values"[1] = "values"[1] + 1e-12
           WHERE (partition, "offset") = (
               SELECT partition, "offset" FROM readings WHERE "values"[1] <> 'NaN' LIMIT 1
           )"""
    )
    differing = differing_buckets(before, _fingerprint(connection, build))
    assert [(table, len(buckets)) for table, buckets in differing.items()] == [("readings", 1)]


def _projected_with_replacements(
    connection: psycopg.Connection, dsn: str, name: str, log: FakeLog, vocabulary: FakeVocabulary
) -> Build:
    chance = Random(5)
    folder = load_folder(name)
    build = create_build(connection, folder)
    for _ in range(8):
        with a_projector(dsn, build, folder, log, vocabulary, chance=chance) as projector:
            projector.open()
            for _ in range(chance.randint(1, 5)):
                projector.step()
    with a_projector(dsn, build, folder, log, vocabulary) as projector:
        projector.open()
        project_to_end(projector, log)
    return build


def _first_half(log: FakeLog) -> FakeLog:
    half = FakeLog(contracts=log.contracts, topic_id=log.topic_id)
    for where, records in log.records.items():
        half.records[where] = records[: len(records) // 2]
        half.ends[where] = half.records[where][-1].offset + 1 if half.records[where] else 0
    return half


def _fingerprint(connection: psycopg.Connection, build: Build) -> Fingerprint:
    return build_fingerprint(connection, build, load_folder(build.read_model))
