"""The projector process: every build that is to be followed, each in threads of its own, and one reporter.

No read model waits for another: what stops one is said in its status, and the rest goes on. Builds and folders that
appear, are handed over by a rebuild, discarded, paused or resumed while it runs are noticed; none of that needs a
restart.
"""

import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread
from typing import Final

import psycopg
import structlog
from psycopg import sql

from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.ends import LogEnds, Place
from infra.kafka.client.record_source import KafkaRecordSource
from infra.logs import configure_logs
from infra.postgres.builds import CHANGED, Build
from infra.postgres.connections import connect_for_writing
from infra.postgres.followed import Following, ToFollow
from infra.postgres.migrate import migrate
from infra.postgres.projection_store import PostgresProjectionStore
from infra.postgres.projector_status import say_status
from infra.processes.memory import release_unused_memory
from infra.processes.stopping import until_told_to_stop
from infra.wiring.container import Container
from projections.checkpoints import TopicPartition
from projections.folder import Folder, Folders
from projections.ports import StoreUnavailable, Vocabulary
from projections.projecting import Projecting
from projections.projector import Projector
from projections.status import Progress, ProgressWatch, ProjectorState, ProjectorStatus

REPORT_EVERY_S: Final = 1.0
CONNECT_AGAIN_S: Final = 1.0
RELEASE_AFTER_RECORDS: Final = 200_000
"""Records applied, by all builds together, after which memory is given back: a live projector hardly ever does so, one
that catches up every few seconds."""

RELEASE_REST: Final = 5_000
"""What is left of them when it stands still is worth giving back once more."""

END_WITHIN_S: Final = 8.0
"""A client whose broker is away waits for longer than a minute to be told that its last report is lost."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Follower:
    """One build's projector at work in its thread."""

    projecting: Projecting
    thread: Thread
    stop: Event
    paused: Event
    watch: ProgressWatch


def run_projector(container: Container, names: Sequence[str] | None) -> None:
    """Project into the read models called `names`, all when None, until SIGTERM or SIGINT.

    Raises:
        NoSuchReadModel, FolderRefused: a name has no folder, or its files can't be understood.
    """
    settings = container.settings()
    configure_logs(settings.log_level, process="projector")
    process = ProjectorProcess(
        bootstrap=settings.kafka_bootstrap,
        dsn=settings.postgres_dsn,
        vocabulary=container.vocabulary(),
        folders=container.folders(),
    )
    process.run(names, until_told_to_stop())


class ProjectorProcess:
    """Projects into PostgreSQL at `dsn` from Kafka at `bootstrap`."""

    def __init__(self, *, bootstrap: str, dsn: str, vocabulary: Vocabulary, folders: Folders) -> None:
        self._bootstrap = bootstrap
        self._dsn = dsn
        self._vocabulary = vocabulary
        self._folders = folders
        self._following = Following(folders)
        self._ends = LogEnds(bootstrap, timeout_s=REPORT_EVERY_S)
        self._followers: dict[Build, _Follower] = {}
        self._stalled: set[Build] = set()
        self._applied = self._released_at = 0

    def run(self, names: Sequence[str] | None, running: Callable[[], bool]) -> None:
        """Project the read models called `names` (all there are and will be when None) while `running()`.

        Makes the first build of those without one.

        Raises:
            NoSuchReadModel: a name has no folder.
        """
        for name in names or ():
            self._folders.load(name)
        while running():
            try:
                with closing(connect_for_writing(self._dsn, name="projector")) as connection:
                    migrate(connection)
                    connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANGED)))
                    while running():
                        self._follow(connection, names)
                        for _ in connection.notifies(timeout=REPORT_EVERY_S, stop_after=1):
                            pass
                        say_status(connection, self._progress())
                        self._give_memory_back()
            except (StoreUnavailable, psycopg.OperationalError) as error:
                _log.warning("store_unavailable", cause=str(error))
                time.sleep(CONNECT_AGAIN_S)
        self._end()

    def _give_memory_back(self) -> None:
        """Release what a burst took: when it was long, and when it has ended since the last look."""
        applied = sum(one.projecting.status.applied for one in self._followers.values())
        is_over = applied == self._applied and applied - self._released_at >= RELEASE_REST
        if applied - self._released_at >= RELEASE_AFTER_RECORDS or is_over:
            release_unused_memory()
            self._released_at = applied
        self._applied = applied

    def _end(self) -> None:
        """Let everyone end in order, for END_WITHIN_S: what is left then holds nothing that a crash would lose."""
        for follower in self._followers.values():
            follower.stop.set()
        until = time.monotonic() + END_WITHIN_S
        for build, follower in self._followers.items():
            follower.thread.join(max(0.0, until - time.monotonic()))
            if follower.thread.is_alive():
                _log.warning("not_ended_in_time", build=build.schema, doing=_doing(follower.thread))

    def _follow(self, connection: psycopg.Connection, names: Sequence[str] | None) -> None:
        """Begin with builds that are new, let go of those that are gone, pause and resume."""
        found = {one.build: one for one in self._following.look(connection, names)}
        for build, follower in list(self._followers.items()):
            if build not in found:
                follower.stop.set()
            if not follower.thread.is_alive():
                del self._followers[build]
        for build, one in found.items():
            if build not in self._followers:
                self._followers[build] = self._begin(one, self._following.definition(connection, build))
            (Event.set if one.paused else Event.clear)(self._followers[build].paused)

    def _begin(self, one: ToFollow, folder: Folder) -> _Follower:
        stop, paused = Event(), Event()
        projector = Projector(
            folder=folder,
            build=one.build.schema,
            source=KafkaRecordSource(self._bootstrap, group=f"telltale-projector-{one.build.schema}"),
            store=PostgresProjectionStore(self._dsn, one.build, folder),
            vocabulary=self._vocabulary,
        )
        projecting = Projecting(projector, self._vocabulary, stop, paused)
        thread = Thread(target=projecting.run, name=f"project-{one.build.schema}", daemon=True)
        thread.start()
        return _Follower(projecting, thread, stop, paused, ProgressWatch())

    def _progress(self) -> list[tuple[Build, Progress]]:
        """Return how the builds stand that this process holds; a stand-by leaves the word to the one that does."""
        statuses = {build: one.projecting.status for build, one in self._followers.items() if not one.stop.is_set()}
        held = {build: status for build, status in statuses.items() if status.state is not ProjectorState.STANDBY}
        places = {(where.topic, where.partition) for status in held.values() for where in status.checkpoints}
        asked_at_s = time.time()  # before the question: that the end was seen counts from then
        try:
            # The broker's own end first: an end for committed readers that is lower is held back by a transaction.
            written, stable = self._ends.written(places), self._ends.stable(places)
        except LogNotReachable as error:
            away, now_s = str(error), time.time()
            watches = {build: self._followers[build].watch for build in held}
            return [(build, watches[build].report(_told(at, away), None, now_s)) for build, at in held.items()]
        progress = [
            (build, self._followers[build].watch.report(at, _of(at, stable), asked_at_s, written=_of(at, written)))
            for build, at in held.items()
        ]
        stalled = {build: at for build, at in progress if at.status.state is ProjectorState.STALLED}
        for build in stalled.keys() - self._stalled:
            cause, doing = stalled[build].status.cause, _doing(self._followers[build].thread)
            _log.warning("projection_stalled", build=build.schema, cause=cause, doing=doing)
        self._stalled = set(stalled)
        return progress


def _of(status: ProjectorStatus, ends: Mapping[Place, int]) -> Mapping[TopicPartition, int]:
    return {where: ends[where.topic, where.partition] for where in status.checkpoints}


def _doing(thread: Thread) -> str:
    """Return the calls that a thread is in, the innermost last: where to look when nobody knows what it waits for."""
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - documented for debuggers
    if frame is None:
        return "it has ended"
    return " > ".join(
        f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in traceback.extract_stack(frame)[-6:]
    )


def _told(status: ProjectorStatus, away: str) -> ProjectorStatus:
    """Return the status with the log's absence as its cause, unless it has one of its own."""
    return replace(status, state=ProjectorState.WAITING, cause=away) if status.cause is None else status
