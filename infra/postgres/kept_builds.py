"""The builds of all read models in PostgreSQL, as rebuilding handles them."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

import psycopg

from infra.postgres.build_snapshot import snapshot_of
from infra.postgres.builds import Build, build_definition, create_build, drop_build
from infra.postgres.connections import connect_for_writing, translated
from infra.postgres.migrate import migrate
from infra.postgres.pointer import pointer_held
from infra.postgres.projection_store import PostgresProjectionStore, checkpoints_of
from infra.postgres.proofs import write_proof
from projections.build_proof import Proof
from projections.builds import BuildSnapshot, BuildState, LockedPointer, Move, RebuildRunning
from projections.checkpoints import Checkpoint
from projections.folder import Folder
from projections.ports import ProjectionStore

T = TypeVar("T")

LOCK: Final = 0x72656275696C6400
"""Advisory lock of the one rebuild."""

_STATES: Final = """
SELECT
    builds.build,
    serving.build IS NOT NULL,
    builds.followed,
    builds.loaded_at IS NOT NULL,
    coalesce((
        SELECT sum(pg_total_relation_size(class.oid))
        FROM pg_class AS class
        JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
        WHERE namespace.nspname = builds.read_model || '_b' || builds.build
            AND class.relkind = 'r'
    ), 0)::bigint
FROM telltale.builds AS builds
LEFT JOIN telltale.serving AS serving USING (read_model, build)
WHERE builds.read_model = %s
    AND builds.discarded_at IS NULL
ORDER BY builds.build
"""

_PREVIOUS: Final = """
SELECT swaps.from_build
FROM telltale.swaps AS swaps
JOIN telltale.serving AS serving
    ON serving.read_model = swaps.read_model
    AND serving.build = swaps.to_build
JOIN telltale.builds AS builds
    ON builds.read_model = swaps.read_model
    AND builds.build = swaps.from_build
    AND builds.discarded_at IS NULL
WHERE swaps.read_model = %s
ORDER BY swaps.swap DESC
LIMIT 1
"""

_LOADING: Final = """
INSERT INTO telltale.projector_status (read_model, build, state, lag_offsets, records_per_second, updated_at)
VALUES (%s, %s, 'loading', %s, %s, now())
ON CONFLICT (read_model, build) DO UPDATE SET
    state = EXCLUDED.state,
    cause = NULL,
    lag_offsets = EXCLUDED.lag_offsets,
    records_per_second = EXCLUDED.records_per_second,
    updated_at = EXCLUDED.updated_at
"""

_RATE: Final = """
SELECT loaded_records / load_seconds
FROM telltale.builds
WHERE read_model = %s
    AND load_seconds > 0
    AND loaded_records > 0
ORDER BY build DESC
LIMIT 1
"""


class PostgresBuilds:
    """Builds at `dsn`; `files` is the folder in which the server keeps them, if it is on this machine."""

    def __init__(self, dsn: str, *, files: Path | None = None) -> None:
        self._dsn = dsn
        self._files = files

    @contextmanager
    def one_at_a_time(self) -> Iterator[None]:
        """Keep other rebuilds out.

        Raises:
            RebuildRunning: another one is at it.
            StoreUnavailable: the server does not answer.
        """
        with closing(connect_for_writing(self._dsn, name="rebuild")) as connection:
            try:
                migrate(connection)
                held = connection.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone() == (True,)
            except psycopg.Error as error:
                raise translated(error) from error
            if not held:
                raise RebuildRunning
            try:
                yield
            finally:
                # Closed alone, it would give the lock back when the server notices: too late for the next command.
                with suppress(psycopg.Error):
                    connection.execute("SELECT pg_advisory_unlock(%s)", [LOCK])

    def states(self, read_model: str) -> Sequence[BuildState]:
        """Return the builds that are not discarded, oldest first."""
        rows = self._ask(lambda connection: connection.execute(_STATES, [read_model]).fetchall())
        return [
            BuildState(number=number, serving=serving, followed=followed, loaded=loaded, bytes=size)
            for number, serving, followed, loaded, size in rows
        ]

    def definition(self, read_model: str, build: int) -> Folder:
        """Return the read model as the build was made."""
        return self._ask(lambda connection: build_definition(connection, Build(read_model, build)))

    def checkpoints(self, read_model: str, build: int) -> Sequence[Checkpoint]:
        """Return a build's checkpoints as they are now."""
        return self._ask(lambda connection: checkpoints_of(connection, Build(read_model, build)))

    def create(self, folder: Folder) -> int:
        """Make the next build, empty, followed by nobody."""
        return self._ask(lambda connection: create_build(connection, folder, followed=False).number)

    def store(self, folder: Folder, build: int, *, held: bool) -> ProjectionStore:
        """Return a build to be written."""
        return PostgresProjectionStore(self._dsn, Build(folder.name, build), folder, held=held)

    def enforce_retention(self, folder: Folder, build: int) -> None:
        """Drop the rows that are too old at the build's checkpoint."""
        if folder.keep_days is None:
            return
        store = PostgresProjectionStore(self._dsn, Build(folder.name, build), folder, held=False)
        store.open([])
        try:
            store.enforce_retention()
        finally:
            store.close()

    def note_load(self, read_model: str, build: int, *, records: int, seconds: float) -> None:
        """Add to what loading the build took."""
        self._ask(
            lambda connection: connection.execute(
                "UPDATE telltale.builds SET loaded_records = coalesce(loaded_records, 0) + %s,"
                " load_seconds = coalesce(load_seconds, 0) + %s WHERE read_model = %s AND build = %s",
                [records, seconds, read_model, build],
            )
        )

    def say_loading(self, read_model: str, build: int, *, left: int, rate: float) -> None:
        """Let those who look at the builds see how far the load is."""
        self._ask(lambda connection: connection.execute(_LOADING, [read_model, build, left, rate]))

    def load_rate(self, read_model: str) -> float | None:
        """Return the records a second of the newest load, None when there was none."""
        row = self._ask(lambda connection: connection.execute(_RATE, [read_model]).fetchone())
        return None if row is None else float(row[0])

    def free_bytes(self) -> int | None:
        """Return the room left where the embedded server keeps its files, None when the server is another."""
        return shutil.disk_usage(self._files).free if self._files is not None and self._files.is_dir() else None

    def snapshot(self, read_model: str, build: int) -> AbstractContextManager[BuildSnapshot]:
        """Return a look at a build that does not hold it up."""
        return snapshot_of(self._dsn, Build(read_model, build))

    def record_proof(self, proof: Proof) -> int:
        """Keep a proof; return its number."""
        return self._ask(lambda connection: write_proof(connection, proof))

    def pointer(self, move: Move, *, actor: str) -> AbstractContextManager[LockedPointer]:
        """Hold the serving build's checkpoint still; leaving the block commits the move and writes it down."""
        return pointer_held(self._dsn, move, actor=actor)

    def previous(self, read_model: str) -> int | None:
        """Return the build that served before the one that does, None when it is gone."""
        row = self._ask(lambda connection: connection.execute(_PREVIOUS, [read_model]).fetchone())
        return None if row is None else int(row[0])

    def discard(self, read_model: str, build: int) -> None:
        """Drop a build that does not serve; does nothing the second time.

        Raises:
            BuildStillUsed: its projector or a reader does not let go.
        """
        self._ask(lambda connection: drop_build(connection, Build(read_model, build)))

    def _ask(self, question: Callable[[psycopg.Connection], T]) -> T:
        with closing(connect_for_writing(self._dsn, name="rebuild question")) as connection:
            try:
                return question(connection)
            except psycopg.Error as error:
                raise translated(error) from error
