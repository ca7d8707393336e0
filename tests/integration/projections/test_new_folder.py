"""The example that `telltale projections new` writes keeps the law it explains."""

from random import Random

import psycopg
import pytest

from infra.postgres.builds import create_build
from infra.postgres.fingerprints import build_fingerprint
from projections.fingerprint import Fingerprint, differing_buckets
from projections.new_folder import example
from tests.fakes.projections import FakeLog, FakeVocabulary
from tests.integration.projections.projecting import a_projector, project_to_end
from tests.integration.projections.random_log import profiles_by_ref, random_log


@pytest.mark.parametrize("seed", [1, 2])
def test_the_example_gives_the_same_fingerprint_in_any_batching(
    connection: psycopg.Connection, database: str, seed: int
) -> None:
    log = random_log(7)
    expected = projected(connection, database, log, None)
    assert expected.tables["daily"].rows > 1
    assert differing_buckets(expected, projected(connection, database, log, Random(seed))) == {}


def projected(connection: psycopg.Connection, dsn: str, log: FakeLog, chance: Random | None) -> Fingerprint:
    folder = example("daily")
    build = create_build(connection, folder)
    vocabulary = FakeVocabulary(profiles=profiles_by_ref())
    with a_projector(dsn, build, folder, log, vocabulary, chance=chance) as projector:
        projector.open()
        project_to_end(projector, log)
    return build_fingerprint(connection, build, folder)
