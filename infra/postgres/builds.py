"""Builds: complete copies of a read model, each a schema of its own, and the pointer to the one that serves."""

from dataclasses import dataclass
from importlib import resources
from time import monotonic, sleep
from typing import Final

import psycopg
from psycopg import sql

from infra.postgres.seen_readings import SEEN_READINGS
from projections.builds import BuildStillUsed
from projections.folder import Folder

LOCK: Final = 0x6275696C64730000
"""Advisory lock of whoever makes a build."""


CHANGED: Final = "telltale_builds"
"""Channel on which projectors hear that builds were made, swapped, discarded, paused or resumed."""

LET_GO_WITHIN_S: Final = 20.0
"""How long a projector may take to let go of a build that is to be discarded."""


class NoSuchBuild(LookupError):
    """The read model has no such build."""


@dataclass(frozen=True, slots=True, order=True)
class Build:
    """One build of a read model."""

    read_model: str
    number: int

    @property
    def schema(self) -> str:
        """Return the name of its PostgreSQL schema."""
        return f"{self.read_model}_b{self.number}"


def serving_build(connection: psycopg.Connection, read_model: str) -> Build | None:
    """Return the build that answers questions, None before the first."""
    row = connection.execute("SELECT build FROM telltale.serving WHERE read_model = %s", [read_model]).fetchone()
    return Build(read_model, row[0]) if row else None


def live_builds(connection: psycopg.Connection, read_model: str) -> tuple[Build, ...]:
    """Return the builds that are to follow the log: the serving one and those kept beside it, oldest first."""
    rows = connection.execute(
        "SELECT build FROM telltale.builds WHERE read_model = %s AND followed AND discarded_at IS NULL ORDER BY build",
        [read_model],
    )
    return tuple(Build(read_model, number) for (number,) in rows)


def ensure_serving_build(connection: psycopg.Connection, folder: Folder) -> Build:
    """Return the serving build; when there is none make the first one from `folder` and let it serve.

    One transaction: a crash leaves no half-made build, and of two processes one makes it.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        build = serving_build(connection, folder.name)
        if build is None:
            build = create_build(connection, folder)
            connection.execute(
                "INSERT INTO telltale.serving (read_model, build) VALUES (%s, %s)", [build.read_model, build.number]
            )
        return build


def create_build(connection: psycopg.Connection, folder: Folder, *, followed: bool = True) -> Build:
    """Make the next build of a read model: empty tables, no checkpoint, and the texts it runs for life.

    `followed`: projectors take it up; else it is loaded by whoever made it, and handed to them later.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        row = connection.execute(
            "SELECT coalesce(max(build), 0) + 1 FROM telltale.builds WHERE read_model = %s", [folder.name]
        ).fetchone()
        assert row is not None  # noqa: S101 - an aggregate always has a row
        build = Build(folder.name, row[0])
        connection.execute(
            "INSERT INTO telltale.builds (read_model, build, followed) VALUES (%s, %s, %s)",
            [build.read_model, build.number, followed],
        )
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(build.schema)))
        connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(sql.Identifier(build.schema)))
        connection.execute((resources.files("infra.postgres") / "build_schema.sql").read_bytes())
        if folder.sees_repeats and not folder.finds_repeats:
            connection.execute(SEEN_READINGS.encode())
        connection.execute(folder.schema_sql.encode())
        for file, content in folder.texts.items():
            connection.execute("INSERT INTO definition (file, content) VALUES (%s, %s)", [file, content])
        connection.execute("SET LOCAL search_path TO DEFAULT")
        return build


def build_definition(connection: psycopg.Connection, build: Build) -> Folder:
    """Return the read model as the build was made.

    Raises:
        NoSuchBuild: there is no such build.
    """
    statement = sql.SQL("SELECT file, content FROM {}.definition").format(sql.Identifier(build.schema))
    try:
        rows = connection.execute(statement).fetchall()
    except psycopg.errors.UndefinedTable as error:
        raise NoSuchBuild(f"there is no build {build.schema}") from error
    return Folder.from_texts(dict(rows))


def drop_build(connection: psycopg.Connection, build: Build) -> None:
    """Discard a build that does not serve; does nothing the second time.

    1. Say that nobody is to follow it; its projector hears that and lets go. 2. Take its hold, waiting for that.
    3. Drop its schema and note it discarded: one transaction. A crash after 1 leaves a build that nobody follows, which
    the next rebuild drops; a crash in 3 leaves the same.

    Raises:
        BuildStillUsed: a projector does not let go, or a reader still looks at it.
    """
    if serving_build(connection, build.read_model) == build:
        raise BuildStillUsed(build.schema, "it serves")
    connection.execute(  # Step 1
        "UPDATE telltale.builds SET followed = false WHERE read_model = %s AND build = %s",
        [build.read_model, build.number],
    )
    announce(connection)
    _take_hold(connection, build)  # Step 2
    try:
        with connection.transaction():  # Step 3
            connection.execute(sql.SQL("SET LOCAL lock_timeout TO {}").format(sql.Literal(int(LET_GO_WITHIN_S * 1000))))
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(build.schema)))
            named = [build.read_model, build.number]
            connection.execute(
                "UPDATE telltale.builds SET discarded_at = coalesce(discarded_at, now())"
                " WHERE read_model = %s AND build = %s",
                named,
            )
            connection.execute("DELETE FROM telltale.projector_status WHERE read_model = %s AND build = %s", named)
    except psycopg.errors.LockNotAvailable as error:
        raise BuildStillUsed(build.schema, "a reader looks at it") from error
    finally:
        connection.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [build.schema])


def announce(connection: psycopg.Connection) -> None:
    """Let projectors hear that builds are others than before."""
    connection.execute(sql.SQL("NOTIFY {}").format(sql.Identifier(CHANGED)))


def _take_hold(connection: psycopg.Connection, build: Build) -> None:
    deadline = monotonic() + LET_GO_WITHIN_S
    statement = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
    while connection.execute(statement, [build.schema]).fetchone() != (True,):
        if monotonic() > deadline:
            raise BuildStillUsed(build.schema, "its projector does not let go")
        sleep(0.05)
