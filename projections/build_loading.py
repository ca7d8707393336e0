"""Bringing a build up to given positions, several partitions side by side.

It writes only builds that nobody else writes: the checkpoint's compare-and-set stops whoever is wrong about that.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Event
from time import monotonic
from typing import Final

from projections.builds import Builds, Progress, RecordSources
from projections.checkpoints import TopicPartition
from projections.folder import Folder
from projections.log_identity import require_same_log
from projections.partition_share import BuildShare, LogShare
from projections.ports import (
    BuildInUse,
    CheckpointMoved,
    LogIsNotTheOneProjected,
    LogPartition,
    LogUnavailable,
    StoreUnavailable,
    Vocabulary,
)
from projections.projector import Projector
from projections.status import STALLED_AFTER_S, ProjectorState

Positions = Mapping[TopicPartition, int]

TRIES: Final = 10
"""So often in a row without any record a part is taken up again after its log or store was away."""

_TRY_AGAIN_S: Final = 0.5
_TELL_EVERY_S: Final = 0.2
_SAY_EVERY_S: Final = 1.0


def behind(here: Positions, there: Positions) -> dict[TopicPartition, int]:
    """Return by how many offsets `here` is behind `there`, partition by partition; those that are not are left out."""
    return {where: offset - here.get(where, 0) for where, offset in there.items() if here.get(where, 0) < offset}


class BuildLoading:
    """Loads builds; `threads` projectors at a time, each with partitions of its own."""

    def __init__(self, *, builds: Builds, sources: RecordSources, vocabulary: Vocabulary, threads: int) -> None:
        self._builds = builds
        self._sources = sources
        self._vocabulary = vocabulary
        self._threads = threads

    def partitions(self, folder: Folder) -> Sequence[LogPartition]:
        """Return the partitions of the read model's topics as the log has them now."""
        source = self._sources(f"telltale-rebuild-{folder.name}")
        try:
            return source.partitions(folder.topics)
        finally:
            source.close()

    def positions(self, read_model: str, build: int) -> Positions:
        """Return a build's checkpoint."""
        return {at.where: at.next_offset for at in self._builds.checkpoints(read_model, build)}

    def other_log(self, read_model: str, build: int) -> str | None:
        """Return why the log is not the one a build was projected from; None when it is."""
        folder = self._builds.definition(read_model, build)
        source = self._sources(f"telltale-rebuild-{read_model}")
        try:
            require_same_log(self._builds.checkpoints(read_model, build), source.partitions(folder.topics), source)
        except LogIsNotTheOneProjected as other:
            return str(other)
        finally:
            source.close()
        return None

    def load(self, folder: Folder, build: int, target: Positions, progress: Progress) -> tuple[int, float]:
        """Bring a build to `target` and finish its load; return the records read and the seconds that took.

        Target's partitions that the read model does not read (any more) are no concern of it; those of its own that
        `target` does not name are read to their present end.
        """
        began = monotonic()
        partitions = self.partitions(folder)
        store = self._builds.store(folder, build, held=False)
        try:
            here = {at.where: at.next_offset for at in store.open(partitions)}
            wanted = {at.where: target.get(at.where, at.end_offset) for at in partitions}
            records = sum(behind(here, wanted).values())
            self.bring_up(folder, build, wanted, progress)
            seconds = monotonic() - began
            if not store.loaded:
                progress("building indexes", 0, 0)
                store.finish_load()
            self._builds.note_load(folder.name, build, records=records, seconds=seconds)
        finally:
            store.close()
        return records, seconds

    def bring_up(
        self, folder: Folder, build: int, positions: Positions, progress: Progress, *, held: bool = False
    ) -> None:
        """Read everything below `positions` into a build, and nothing behind them.

        A build that projectors follow must be `held` against them.

        Raises:
            BuildInUse: it was to be held, and a projector has it.
            RecordRefused, LogIsNotTheOneProjected: it can't be done.
            LogUnavailable, StoreUnavailable: one of them stayed away; the same call goes on.
        """
        missing = behind(self.positions(folder.name, build), positions)
        if not missing:
            return
        parts = _shared_out(missing, 1 if held else self._threads)
        told = _Told(missing, positions, progress)

        def say(left: int, rate: float) -> None:
            if not held:  # else its projector has the word
                self._builds.say_loading(folder.name, build, left=left, rate=rate)

        stop, projectors = Event(), [self.projector(folder, build, part, held=held) for part in parts]
        with ThreadPoolExecutor(len(parts), thread_name_prefix=f"load-{folder.name}") as pool:
            running = [
                pool.submit(_project, one, {where: positions[where] for where in part}, stop)
                for one, part in zip(projectors, parts, strict=True)
            ]
            try:
                _await(running, lambda: told.tell(projectors, say))
            finally:
                stop.set()
        if not held:
            self._builds.enforce_retention(folder, build)

    @contextmanager
    def opened(
        self, folder: Folder, build: int, part: Sequence[TopicPartition]
    ) -> Iterator[Callable[[Positions], None]]:
        """Yield what brings a build that nobody follows up to positions; asked again, it takes milliseconds.

        Opening takes up to a second, so whoever holds others up opens before. Nothing is tried again here.

        Raises:
            RecordRefused, LogIsNotTheOneProjected: it can't be done.
            LogUnavailable, StoreUnavailable: one of them is away.
        """
        projector = self.projector(folder, build, part, held=False)

        def bring_up(positions: Positions) -> None:
            waits = _Patience(projector, Event())
            if not projector.project_until(positions, running=waits.running):
                waits.complain()

        try:
            projector.open()
            yield bring_up
        finally:
            projector.close()

    def projector(self, folder: Folder, build: int, part: Sequence[TopicPartition], *, held: bool) -> Projector:
        """Return a projector of some partitions of a build, not open yet."""
        name = f"{folder.name}_b{build}"
        return Projector(
            folder=folder,
            build=name,
            source=LogShare(self._sources(f"telltale-rebuild-{name}"), part),
            store=BuildShare(self._builds.store(folder, build, held=held), part),
            vocabulary=self._vocabulary,
        )


def _shared_out(missing: Mapping[TopicPartition, int], parts: int) -> list[list[TopicPartition]]:
    """Return the partitions in at most `parts` parts with about as much to read each, the largest first."""
    shares: list[list[TopicPartition]] = [[] for _ in range(max(1, min(parts, len(missing))))]
    for where in sorted(missing, key=lambda one: (-missing[one], one)):
        min(shares, key=lambda share: sum(missing[one] for one in share)).append(where)
    return shares


def _project(projector: Projector, ends: Positions, stop: Event) -> None:
    """Project one part to its ends; what is away for a moment is waited for."""
    tries = 0
    try:
        while not stop.is_set():
            applied = projector.status.applied
            try:
                projector.open()
                waits = _Patience(projector, stop)
                if projector.project_until(ends, running=waits.running):
                    return
                waits.complain()
            except BuildInUse:
                raise
            except (StoreUnavailable, LogUnavailable, CheckpointMoved):
                tries = 0 if projector.status.applied > applied else tries + 1
                if tries >= TRIES:
                    raise
                stop.wait(_TRY_AGAIN_S)
    finally:
        projector.close()


class _Patience:
    """Runs out when a projector has waited for the meaning of one record for STALLED_AFTER_S."""

    def __init__(self, projector: Projector, stop: Event) -> None:
        self._projector = projector
        self._stop = stop
        self._applied = -1
        self._moved_at_s = monotonic()

    def running(self) -> bool:
        """Return whether it is worth going on."""
        return not self._stop.is_set() and not self._is_out()

    def complain(self) -> None:
        """Say what is waited for in vain.

        Raises:
            LogUnavailable: something is.
        """
        if self._is_out():
            status = self._projector.status
            raise LogUnavailable(f"{status.position} can't be read: {status.cause}")

    def _is_out(self) -> bool:
        status = self._projector.status
        if status.state is not ProjectorState.WAITING or status.applied != self._applied:
            self._applied, self._moved_at_s = status.applied, monotonic()
        return monotonic() - self._moved_at_s > STALLED_AFTER_S


def _await(running: Sequence[Future[None]], tell: Callable[[], None]) -> None:
    """Return when all are done, telling on the way; the first failure is raised at once."""
    left = set(running)
    while left:
        done, left = wait(left, timeout=_TELL_EVERY_S, return_when=FIRST_COMPLETED)
        for one in done:
            one.result()
        tell()


class _Told:
    """Tells how far a load is: the one who waits each time, those who look at the builds once a second."""

    def __init__(self, missing: Mapping[TopicPartition, int], positions: Positions, progress: Progress) -> None:
        self._missing = missing
        self._positions = positions
        self._progress = progress
        self._began_s = self._said_s = monotonic()

    def tell(self, projectors: Sequence[Projector], say: Callable[[int, float], None]) -> None:
        """Tell it now."""
        here = {where: at.next_offset for one in projectors for where, at in one.status.checkpoints.items()}
        left = sum(
            max(0, self._positions[where] - here[where]) if where in here else missing
            for where, missing in self._missing.items()
        )
        total, now_s = sum(self._missing.values()), monotonic()
        self._progress("loading", total - left, total)
        if now_s - self._said_s >= _SAY_EVERY_S:
            self._said_s = now_s
            say(left, (total - left) / (now_s - self._began_s))
