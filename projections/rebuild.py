"""Rebuilding a read model from the log, proving it equal to the one that serves, and letting it serve.

`RebuildDesk.prove(NAME)` is the one call for "the fingerprints of a fresh build equal the serving build".
A rebuild never touches the tables of the serving build and never stops its projector.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from time import monotonic, sleep
from typing import Final

from projections.build_loading import BuildLoading, Positions, behind
from projections.build_proof import Proof
from projections.builds import (
    BuildBehind,
    Builds,
    Move,
    NothingServes,
    Progress,
    RebuildRefused,
    RecordSources,
    Swap,
)
from projections.checkpoints import TopicPartition
from projections.compare_builds import prove
from projections.folder import Folder
from projections.ports import BuildInUse, LogPartition, Vocabulary
from projections.rebuild_outcome import Estimate, NotAccepted, ReadModelDrifted, Rebuilt

PASSES_WITHIN_S: Final = 30.0
"""How long a build that is a little behind is waited for: its projector moves within a second, if it runs."""

_LOOK_EVERY_S: Final = 0.1

Accept = Callable[[Proof | None, str | None], str | None]
"""Asked when the builds were not proven equal: the proof, or None and why there is none; answers with a reason."""


class RebuildDesk:
    """Rebuilds read models; `threads` partitions are loaded side by side."""

    def __init__(
        self,
        *,
        builds: Builds,
        sources: RecordSources,
        vocabulary: Vocabulary,
        folder: Callable[[str], Folder],
        actor: str,
        threads: int = 2,
    ) -> None:
        self._builds = builds
        self._folder = folder
        self._actor = actor
        self._loading = BuildLoading(builds=builds, sources=sources, vocabulary=vocabulary, threads=threads)

    def prove(self, read_model: str, *, progress: Progress | None = None) -> Proof:
        """Compute the read model again from the log and compare it with the serving build; nothing is swapped.

        The fresh build is gone afterwards. `proof.equal` is the answer.

        Raises:
            RebuildRunning, NothingServes, RebuildRefused: there is nothing to prove, or not now.
        """
        with self._builds.one_at_a_time():
            serving = self._serving(read_model)
            if (other_log := self._loading.other_log(read_model, serving)) is not None:
                raise RebuildRefused(other_log)
            definition = self._builds.definition(read_model, serving)
            build = self._builds.create(definition)
            try:
                target = self._loading.positions(read_model, serving)
                self._loading.load(definition, build, target, progress or _silent)
                return self._proof(definition, build, serving, progress or _silent)[0]
            finally:
                self._builds.discard(read_model, build)

    def rebuild(self, read_model: str, *, accept: Accept | None = None, progress: Progress | None = None) -> Rebuilt:
        """Compute the read model anew from the log, prove it equal to the serving build, and let it serve.

        1. Take the one place of rebuilds. Make a build from today's files, their text stored in it; or find the one
           that an interrupted rebuild left, when the files have not changed since.
        2. Load it from the log up to the serving build's checkpoint, several partitions side by side, no indexes.
        3. Build the indexes, gather statistics, catch up with the serving build.
        4. Prove: look at the serving build in a snapshot, whose checkpoint is O, while it goes on; bring the new one
           exactly to O; compare the fingerprints of both; write the proof down. Unequal from the same SQL: name the
           rows and end. Other SQL that makes other rows: ask.
        5. Swap: hold the serving checkpoint still, bring the new build up to it, move the pointer by one UPDATE,
           write the swap down, let projectors follow the new build: one transaction.
        6. Discard what is older than the build that served until now, which is followed on for an undo.

        A crash after 1, 2, 3 or 4 leaves a build that nobody follows or reads, with a checkpoint of its own: the next
        rebuild goes on with it where it stands. A crash in 5 before the commit leaves the same, after it a swap that
        is done: readers have either build, never neither. A crash before the end of 6 leaves an old build too many,
        which the next rebuild discards. The one place of 1 is a lock of the session, and so never outlives a crash.

        Raises:
            ReadModelDrifted, NotAccepted: the builds differ, and `accept` gave no reason to swap all the same.
            RebuildRunning, NothingServes, BuildBehind, BuildStillUsed: as they say.
            LogUnavailable, StoreUnavailable, RecordRefused: the same call later goes on.
        """
        told = progress or _silent
        with self._builds.one_at_a_time():  # Step 1
            folder = self._folder(read_model)
            serving = self._serving(read_model)
            other_log = self._loading.other_log(read_model, serving)
            build = self._candidate(folder)
            target = {} if other_log else self._loading.positions(read_model, serving)
            records, seconds = self._loading.load(folder, build, target, told)  # Steps 2 and 3
            proof, number = None, None
            if other_log is None:
                proof, number = self._proof(folder, build, serving, told)  # Step 4
            because = None
            if proof is None or not proof.whole:
                partial = _deleted(self._loading.partitions(folder))
                because = _accepted(read_model, proof, other_log, accept, partial)
            swap = self._swap(  # Step 5
                folder,
                Move(
                    read_model=read_model, from_build=serving, to_build=build, undo=False, because=because, proof=number
                ),
                same_log=other_log is None,
            )
            discarded = self._discard_older(read_model, keep={serving, build})  # Step 6
            return Rebuilt(
                swap=swap,
                proof=proof,
                records=records,
                load_seconds=seconds,
                partial=_deleted(self._loading.partitions(folder)),
                discarded=discarded,
            )

    def undo(self, read_model: str) -> Swap:
        """Let the build serve that served before: the same UPDATE back. It was followed all the time.

        Raises:
            RebuildRefused: it is gone, or does not reach the serving build's checkpoint within PASSES_WITHIN_S.
        """
        with self._builds.one_at_a_time():
            serving, previous = self._serving(read_model), self._builds.previous(read_model)
            if previous is None:
                raise RebuildRefused(f"{read_model}: no earlier build is kept, so there is nothing to go back to")
            move = Move(
                read_model=read_model, from_build=serving, to_build=previous, undo=True, because=None, proof=None
            )
            same_log = self._loading.other_log(read_model, previous) is None
            return self._swap(self._builds.definition(read_model, previous), move, same_log=same_log)

    def discard(self, read_model: str) -> Sequence[int]:
        """Discard every build but the serving one; then there is nothing to undo, and no rebuild to go on with."""
        with self._builds.one_at_a_time():
            return self._discard_older(read_model, keep={self._serving(read_model)})

    def estimate(self, read_model: str, *, guessed_rate: float = 150_000.0) -> Estimate:
        """Return what a rebuild would read, take and need; `guessed_rate` (records/s) counts before the first one."""
        folder = self._folder(read_model)
        states = {state.number: state for state in self._builds.states(read_model)}
        serving = self._serving(read_model)
        partitions = self._loading.partitions(folder)
        events = sum(partition.end_offset - partition.first_offset for partition in partitions)
        return Estimate(
            read_model=read_model,
            events=events,
            seconds=events / (self._builds.load_rate(read_model) or guessed_rate),
            bytes_needed=states[serving].bytes,
            bytes_free=self._builds.free_bytes(),
            unfinished=next((number for number, state in states.items() if not state.followed), None),
            same_sql=self._builds.definition(read_model, serving).texts == folder.texts,
            partial=_deleted(partitions),
        )

    def _serving(self, read_model: str) -> int:
        for state in self._builds.states(read_model):
            if state.serving:
                return state.number
        raise NothingServes(read_model)

    def _candidate(self, folder: Folder) -> int:
        """Return the build that an interrupted rebuild left if it is made from today's files, else a new one."""
        for state in self._builds.states(folder.name):
            if state.followed or state.serving:
                continue
            same_sql = self._builds.definition(folder.name, state.number).texts == folder.texts
            if same_sql and self._loading.other_log(folder.name, state.number) is None:
                return state.number
            self._builds.discard(folder.name, state.number)
        return self._builds.create(folder)

    def _proof(self, folder: Folder, build: int, serving: int, progress: Progress) -> tuple[Proof, int]:
        """Bring the build exactly to the serving one's checkpoint in a snapshot, compare, and write the proof down."""
        progress("catching up", 0, 0)
        self._loading.bring_up(folder, build, self._loading.positions(folder.name, serving), progress)
        deadline = monotonic() + PASSES_WITHIN_S
        while True:
            with self._builds.snapshot(folder.name, serving) as there:
                ahead = behind(there.positions, self._loading.positions(folder.name, build))
                ahead = {where: offsets for where, offsets in ahead.items() if where in there.positions}
                if not ahead:
                    self._loading.bring_up(folder, build, _within(there.positions, folder), progress)
                    progress("proving", 0, 0)
                    against = self._builds.definition(folder.name, serving)
                    with self._builds.snapshot(folder.name, build) as here:
                        proof = prove(folder, against, here, there, build=build, against_build=serving)
                    return proof, self._builds.record_proof(proof)
            if monotonic() > deadline:  # it was brought up to a checkpoint that a crash of the store has undone
                raise BuildBehind(f"{folder.name}_b{serving}", ahead)
            sleep(_LOOK_EVERY_S)

    def _swap(self, folder: Folder, move: Move, *, same_log: bool) -> Swap:
        with ExitStack() as opened:
            reach: Callable[[Positions], None] = _nowhere
            if same_log:  # everything is opened, and as far as it can be, before anything is held
                before = _within(self._loading.positions(move.read_model, move.from_build), folder)
                reach = self._reacher(folder, move.to_build, before, opened)
                reach(before)
            began = monotonic()
            with self._builds.pointer(move, actor=self._actor) as pointer:
                reach(_within(pointer.positions, folder))
                pointer.move(same_log=same_log)
            seconds = monotonic() - began
        return Swap(move=move, actor=self._actor, seconds=seconds)

    def _reacher(
        self, folder: Folder, build: int, positions: Positions, opened: ExitStack
    ) -> Callable[[Positions], None]:
        """Return what brings a build up to positions: a projector of ours, or the one that follows it anyway."""
        if any(state.followed for state in self._builds.states(folder.name) if state.number == build):
            return lambda wanted: self._wait_for(folder, build, wanted)
        return opened.enter_context(self._loading.opened(folder, build, sorted(positions)))

    def _wait_for(self, folder: Folder, build: int, wanted: Positions) -> None:
        """Return once a followed build has everything below `wanted`; if no projector runs, it is brought there."""
        deadline = monotonic() + PASSES_WITHIN_S
        while missing := behind(self._loading.positions(folder.name, build), wanted):
            try:
                self._loading.bring_up(folder, build, wanted, _silent, held=True)
            except BuildInUse:
                if monotonic() > deadline:
                    raise BuildBehind(f"{folder.name}_b{build}", missing) from None
                sleep(_LOOK_EVERY_S / 10)

    def _discard_older(self, read_model: str, *, keep: Collection[int]) -> tuple[int, ...]:
        older = [state.number for state in self._builds.states(read_model) if state.number not in keep]
        for number in older:
            self._builds.discard(read_model, number)
        return tuple(older)


def _accepted(
    read_model: str,
    proof: Proof | None,
    other_log: str | None,
    accept: Accept | None,
    partial: Sequence[TopicPartition],
) -> str:
    reason = accept(proof, other_log) if accept is not None else None
    if reason:
        return reason
    if proof is not None and proof.same_sql:
        raise ReadModelDrifted(proof, partial)
    raise NotAccepted(read_model, proof, other_log, partial)


def _within(positions: Positions, folder: Folder) -> Positions:
    """Return the positions in topics that the read model reads."""
    return {where: offset for where, offset in positions.items() if where.topic in folder.topics}


def _deleted(partitions: Sequence[LogPartition]) -> tuple[TopicPartition, ...]:
    return tuple(partition.where for partition in partitions if partition.first_offset > 0)


def _nowhere(positions: Positions) -> None:
    del positions


def _silent(step: str, done: int, total: int) -> None:
    del step, done, total
