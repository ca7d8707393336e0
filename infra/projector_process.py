"""The projector process: every build of the read models it was given, each in threads of its own, and one reporter.

No read model waits for another: what stops one is said in its status, and the rest goes on.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from threading import Event, Thread
from typing import Final

import psycopg
import structlog

from infra.kafka.clients import LogNotReachable
from infra.kafka.ends import LogEnds, Place
from infra.kafka.record_source import KafkaRecordSource
from infra.postgres.builds import Build, build_definition, ensure_serving_build, live_builds
from infra.postgres.connections import connect_for_writing
from infra.postgres.migrate import migrate
from infra.postgres.projection_store import PostgresProjectionStore
from infra.postgres.projector_status import say_status
from projections.checkpoints import TopicPartition
from projections.folder import Folder, load_folder
from projections.ports import StoreUnavailable, Vocabulary
from projections.projecting import Projecting
from projections.projector import Projector
from projections.status import Progress, ProgressWatch, ProjectorState, ProjectorStatus

REPORT_EVERY_S: Final = 1.0
CONNECT_AGAIN_S: Final = 1.0

_log = structlog.get_logger()


class ProjectorProcess:
    """Projects into PostgreSQL at `dsn` from Kafka at `bootstrap`."""

    def __init__(self, *, bootstrap: str, dsn: str, vocabulary: Vocabulary) -> None:
        self._bootstrap = bootstrap
        self._dsn = dsn
        self._vocabulary = vocabulary
        self._ends = LogEnds(bootstrap, timeout_s=REPORT_EVERY_S)
        self._watches: dict[Build, ProgressWatch] = {}

    def run(self, names: Sequence[str], running: Callable[[], bool]) -> None:
        """Project the read models called `names` while `running()`; makes the first build of those without one."""
        folders = [load_folder(name) for name in names]
        builds = self._builds(folders, running)
        stop = Event()
        projecting = {build: self._projecting(build, folder, stop) for build, folder in builds}
        threads = [
            Thread(target=one.run, name=f"project-{build.schema}", daemon=True) for build, one in projecting.items()
        ]
        for thread in threads:
            thread.start()
        while running():
            self._report(projecting, running)
        stop.set()
        for thread in threads:
            thread.join()

    def _builds(self, folders: Sequence[Folder], running: Callable[[], bool]) -> list[tuple[Build, Folder]]:
        """Return the builds to project, each with the definition it was made from, once the database answers."""
        while running():
            try:
                with closing(connect_for_writing(self._dsn, name="projector")) as connection:
                    migrate(connection)
                    for folder in folders:
                        ensure_serving_build(connection, folder)
                    live = [build for folder in folders for build in live_builds(connection, folder.name)]
                    return [(build, build_definition(connection, build)) for build in live]
            except (StoreUnavailable, psycopg.OperationalError) as error:
                _log.warning("store_unavailable", cause=str(error))
                time.sleep(CONNECT_AGAIN_S)
        return []

    def _projecting(self, build: Build, folder: Folder, stop: Event) -> Projecting:
        projector = Projector(
            folder=folder,
            build=build.schema,
            source=KafkaRecordSource(self._bootstrap, group=f"telltale-projector-{build.schema}"),
            store=PostgresProjectionStore(self._dsn, build, folder),
            vocabulary=self._vocabulary,
        )
        return Projecting(projector, self._vocabulary, stop)

    def _report(self, projecting: Mapping[Build, Projecting], running: Callable[[], bool]) -> None:
        """Say about once a second how every build stands, until the connection is lost or all ends."""
        with self._status_connection() as connection:
            while running():
                time.sleep(REPORT_EVERY_S)
                if connection is None:
                    return
                try:
                    say_status(connection, self._progress(projecting))
                except psycopg.Error as error:
                    _log.warning("status_not_written", cause=str(error))
                    return

    def _progress(self, projecting: Mapping[Build, Projecting]) -> list[tuple[Build, Progress]]:
        """Return how the builds stand that this process holds; a stand-by leaves the word to the one that does."""
        statuses = {build: one.status for build, one in projecting.items()}
        held = {build: status for build, status in statuses.items() if status.state is not ProjectorState.STANDBY}
        places = {(where.topic, where.partition) for status in held.values() for where in status.checkpoints}
        asked_at_s = time.time()  # before the question: that the end was seen counts from then
        try:
            stable = self._ends.stable(places)
        except LogNotReachable as error:
            away, now_s = str(error), time.time()
            return [(build, self._watch(build).report(_told(at, away), None, now_s)) for build, at in held.items()]
        return [(build, self._watch(build).report(at, _ends_of(at, stable), asked_at_s)) for build, at in held.items()]

    def _watch(self, build: Build) -> ProgressWatch:
        return self._watches.setdefault(build, ProgressWatch())

    @contextmanager
    def _status_connection(self) -> Iterator[psycopg.Connection | None]:
        try:
            connection = connect_for_writing(self._dsn, name="projector status")
        except StoreUnavailable:
            yield None
            return
        with closing(connection):
            yield connection


def _ends_of(status: ProjectorStatus, stable: Mapping[Place, int]) -> Mapping[TopicPartition, int]:
    return {where: stable[where.topic, where.partition] for where in status.checkpoints}


def _told(status: ProjectorStatus, away: str) -> ProjectorStatus:
    """Return the status with the log's absence as its cause, unless it has one of its own."""
    return replace(status, state=ProjectorState.WAITING, cause=away) if status.cause is None else status
