"""Short ways to project a log in memory into real tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import psycopg

from infra.postgres.builds import Build, create_build
from infra.postgres.projection_store import PostgresProjectionStore
from projections.folder import Folder, load_folder
from projections.projector import Projector
from tests.fakes.projections import FakeLog, FakeRecordSource, FakeVocabulary

MANY_STEPS = 20_000


@contextmanager
def a_projector(
    dsn: str, build: Build, folder: Folder, log: FakeLog, vocabulary: FakeVocabulary, *, chance: Random | None = None
) -> Iterator[Projector]:
    """Yield a projector of `build` that is not open yet."""
    projector = Projector(
        folder=folder,
        build=build.schema,
        source=FakeRecordSource(log, chance),
        store=PostgresProjectionStore(dsn, build, folder),
        vocabulary=vocabulary,
        clock=lambda: 0.0,
    )
    try:
        yield projector
    finally:
        projector.close()


def project_to_end(projector: Projector, log: FakeLog) -> None:
    """Step until everything in the log is committed."""
    for _ in range(MANY_STEPS):
        projector.step()
        projector.settle()
        if all(at.next_offset >= log.ends.get(where, 0) for where, at in projector.status.checkpoints.items()):
            return
    raise AssertionError(f"not at the end after {MANY_STEPS} steps: {projector.status}")


def projected(
    connection: psycopg.Connection,
    dsn: str,
    name: str,
    log: FakeLog,
    vocabulary: FakeVocabulary,
    *,
    chance: Random | None = None,
) -> Build:
    """Project the whole log into a new build of `name`, and return that with its tables on the search path."""
    folder = load_folder(name)
    build = create_build(connection, folder)
    with a_projector(dsn, build, folder, log, vocabulary, chance=chance) as projector:
        projector.open()
        project_to_end(projector, log)
    connection.execute(f"SET search_path TO {build.schema}")
    return build


def a_build(connection: psycopg.Connection, name: str) -> Build:
    """Return a new, empty build of `name`."""
    return create_build(connection, load_folder(name))
