"""A rebuild over a log in memory and a real PostgreSQL."""

from dataclasses import replace
from random import Random

import psycopg
from psycopg import sql

from infra.postgres.builds import Build, ensure_serving_build
from infra.postgres.kept_builds import PostgresBuilds
from projections.checkpoints import TopicPartition
from projections.folder import Folder, load_folder
from projections.rebuild import RebuildDesk
from tests.fakes.projections import FakeLog, FakeRecordSource, FakeVocabulary
from tests.integration.projections.projecting import a_projector, project_to_end
from tests.integration.projections.random_log import profiles_by_ref


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
