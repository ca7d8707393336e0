"""The scorer: readings in, verdicts and ledger out, exactly once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, suppress
from time import monotonic
from typing import Final

import structlog

from domain.admission import UnknownProfile
from domain.topics import SCORER_STATE
from ml.scoring.champions import Champions
from ml.scoring.ports import (
    Models,
    ModelUnloadable,
    ReadingDecoding,
    ScoringHistory,
    ScoringLog,
    ScoringTransaction,
    TransactionAborted,
    TransactionStuck,
)
from ml.scoring.state import LoadedModel, PartitionState
from ml.scoring.taking import Saved, saved_of, take_partition
from ml.scoring.warming import Warming
from ml.scoring.work import PartitionWork, Setting, prepare, snapshot_of
from schemas.contracts import UnknownSchemaId
from schemas.readings import Readings
from schemas.records import RecordBatch

SNAPSHOT_EVERY: Final = 100_000
"""Readings between two snapshots of all partitions of a slot together: what a restart folds again, a second's work."""

SNAPSHOT_BYTES_A_READING: Final = 4
"""A partition of so many sensors that its snapshots would take more is saved less often, but every SNAPSHOT_EVERY."""

WRITTEN_WITHIN_S: Final = 15.0
"""A transaction takes milliseconds, and the log ends one by itself after ten seconds. librdkafka has been seen to wait
for ever for a broker that died in the midst of one, whatever deadline it was given."""

RETRY_AFTER_S: Final = 1.0
"""Between two looks whether a contract or profile that a partition waits for has come."""

_log = structlog.get_logger()


class Scorer:
    """One slot: owns partitions as the group gives them, scores each in log order."""

    def __init__(
        self, *, log: ScoringLog, history: ScoringHistory, models: Models, decoding: ReadingDecoding, version: str
    ) -> None:
        self._log = log
        self._history = history
        self._models = models
        self._decoding = decoding
        self._version = version
        self._warming = Warming(history, decoding)
        self._champions = Champions()
        self._loaded: dict[str, LoadedModel] = {}
        self._refused: set[str] = set()
        self._unjudged: set[str] = set()
        self._states: dict[int, PartitionState] = {}
        self._saved: dict[int, Saved] = {}
        self._held: dict[int, RecordBatch] = {}
        self._waits_for: dict[int, str] = {}
        self._retry_at = 0.0
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="transaction")
        self._writing_since: float | None = None

    def run(self, running: Callable[[], bool]) -> None:
        """Score until `running` says no; then write a last snapshot of every partition.

        Raises:
            SlotFenced: another process took this slot.
            StateDoesNotMatchOffset: a partition's committed offset and its ledger disagree.
        """
        while running():
            self.step(timeout_s=0.1)
        unsaved = [part for part, state in self._states.items() if state.next_offset > self._saved[part].next_offset]
        if unsaved:
            work = [PartitionWork(part, (), self._states[part]) for part in unsaved]
            self._settle(self._worker.submit(self._write, work, self._log.transaction(), save=True))

    def step(self, timeout_s: float) -> int:
        """Take what the group gave, score what has come, and return how many readings that were.

        The second thread is there so that a client that never comes back can be given up, not for speed: polling the
        next batch meanwhile was measured to cost a quarter of the rate, as both threads want the interpreter.
        """
        batches = {batch.partition: batch for batch in self._log.poll(timeout_s)}
        if (given := self._log.rebalanced()) is not None:
            batches = {}
            self._take(given)
        self._follow_champions()
        decoded = self._decoded({part: batch for part, batch in batches.items() if part in self._states})
        self._tell_unjudged(readings for _, readings in decoded.values())
        working = self._worker.submit(
            self._score,
            decoded,
            champions=tuple(self._loaded.values()),
            setting=Setting(self._version, self._history.topic_id(), self._champions.position),
            # Asked for here: it is in the name of the slot's membership at the poll that brought these readings.
            transaction=self._log.transaction(),
        )
        if not self._settle(working):
            return 0  # the source is back where the states end, and all of this comes again
        return sum(len(readings) for _, readings in decoded.values())

    def _score(
        self,
        decoded: Mapping[int, tuple[RecordBatch, Readings]],
        *,
        champions: Sequence[LoadedModel],
        setting: Setting,
        transaction: AbstractContextManager[ScoringTransaction],
    ) -> None:
        """Score on copies of the states and write what that causes; runs in the second thread."""
        work = [
            prepare(
                partition,
                state,
                champions=champions,
                batch=decoded[partition][0] if partition in decoded else None,
                readings=decoded[partition][1] if partition in decoded else None,
                setting=setting,
                warming=self._warming,
            )
            for partition, state in self._states.items()
        ]
        if due := [part for part in work if part.records]:
            self._write(due, transaction, save=False)

    def _write(
        self, work: Sequence[PartitionWork], transaction: AbstractContextManager[ScoringTransaction], *, save: bool
    ) -> None:
        """Write the work of all partitions in one transaction.

        1. The work has been computed on copies: nothing of this process has changed yet. 2. Begin. 3. Append, per
        partition, to the source's own partition number: changed models first, verdicts, dead letters, the ledger,
        and a snapshot where one is due. 4. Advance the group's positions, also without output. 5. Commit.
        6. Only now the new states are the states.
        A crash before step 5 leaves nothing: the broker aborts, the positions stand. A crash after it leaves the
        whole: the next owner takes the partitions with these positions, ledgers and snapshots.
        """
        saved = {
            part.partition: tuple(snapshot_of(part.partition, part.state)) for part in work if save or self._due(part)
        }
        self._writing_since = monotonic()
        try:
            with transaction as writing:  # Steps 2 and 5
                for part in work:
                    for topic, key, event in part.records:  # Step 3
                        writing.append(topic, part.partition, key, event)
                for partition, chunks in saved.items():
                    for chunk in chunks:
                        writing.append(SCORER_STATE, partition, None, chunk)
                writing.advance({part.partition: part.state.next_offset for part in work})  # Step 4
        finally:
            self._writing_since = None
        self._states.update({part.partition: part.state for part in work})  # Step 6
        self._saved.update({partition: saved_of(chunks) for partition, chunks in saved.items()})

    def _settle(self, working: Future[None]) -> bool:
        """Wait for the second thread; False when its transaction was aborted and its readings come again.

        Raises:
            SlotFenced: another process took this slot; nothing was written.
            TransactionStuck: the client does not come back.
        """
        while not wait([working], timeout=1.0).done:
            began = self._writing_since
            if began is not None and monotonic() - began > WRITTEN_WITHIN_S:
                raise TransactionStuck(WRITTEN_WITHIN_S)
        try:
            working.result()
        except TransactionAborted as cause:
            # The source has moved past these records; without this the next poll would skip them.
            _log.warning("transaction_aborted", partitions=sorted(self._states), cause=str(cause))
            self._read_again()
            return False
        return True

    def _due(self, part: PartitionWork) -> bool:
        """Say whether a snapshot is due, counted from the partition's last one, whoever wrote it."""
        saved = self._saved[part.partition]
        affordable = saved.size // SNAPSHOT_BYTES_A_READING
        distance = min(max(SNAPSHOT_EVERY // len(self._states), affordable), SNAPSHOT_EVERY)
        return part.state.next_offset - saved.next_offset >= distance

    def _read_again(self) -> None:
        self._held.clear()
        self._waits_for.clear()
        self._log.take({partition: state.next_offset for partition, state in self._states.items()})

    def _take(self, given: Iterable[int]) -> None:
        """Forget what this slot knew and take the given partitions from the log: others may have scored meanwhile."""
        self._states.clear()
        self._saved.clear()
        for partition, committed in self._log.committed(given).items():
            state, saved = take_partition(
                partition, committed=committed, history=self._history, models=self._models, decoding=self._decoding
            )
            self._states[partition], self._saved[partition] = state, saved
            folded = state.next_offset - saved.next_offset
            _log.info("partition_taken", partition=partition, next_offset=state.next_offset, folded=folded)
        self._read_again()

    def _follow_champions(self) -> None:
        self._champions.fold(self._models.promotions())
        for model, promoted_at in self._champions.newest():
            held = self._loaded.get(model.profile)
            if (held is not None and held.promoted_at >= promoted_at) or model.artifact_sha256 in self._refused:
                continue
            try:
                self._loaded[model.profile] = LoadedModel(model, promoted_at, self._models.load(model))
            except ModelUnloadable as cause:
                # The model before stays in force; a damaged artifact never gets better, so it is tried once.
                self._refused.add(model.artifact_sha256)
                _log.error("model_unloadable", model=str(model), in_force=held and str(held.model), cause=str(cause))

    def _tell_unjudged(self, decoded: Iterable[Readings]) -> None:
        """Warn once of each profile whose readings come and that no promotion gave a champion."""
        for readings in decoded:
            for block in readings.blocks:
                profile = block.profile
                if profile.ref in self._loaded or profile.ref in self._unjudged or self._champions.has(profile.ref):
                    continue
                self._unjudged.add(profile.ref)
                then = f'telltale train {profile.ref}; telltale models promote {profile.name}/N --because "why"'
                _log.warning("no_champion", profile=profile.ref, readings="unscored", then=then)

    def _decoded(self, batches: dict[int, RecordBatch]) -> dict[int, tuple[RecordBatch, Readings]]:
        """Return the batches with their readings; those that need what is not in the log yet are held back."""
        if not self._held:
            with suppress(UnknownSchemaId, UnknownProfile):  # which of them has to wait is found out below
                readings = self._decoding.decode_all(tuple(batches.values()))
                return dict(zip(batches, zip(batches.values(), readings, strict=True), strict=True))
        elif monotonic() >= self._retry_at:
            batches = {**batches, **self._held}
            self._retry_at = monotonic() + RETRY_AFTER_S
        decoded = {}
        for partition, batch in batches.items():
            try:
                decoded[partition] = batch, self._decoding.decode(batch)
            except (UnknownSchemaId, UnknownProfile) as missing:
                if self._waits_for.get(partition) != str(missing):
                    _log.warning("partition_waits", partition=partition, cause=str(missing))
                    self._waits_for[partition] = str(missing)
                if partition not in self._held:
                    self._log.pause(partition)
                self._held[partition] = batch
            else:
                if self._held.pop(partition, None) is not None:
                    del self._waits_for[partition]
                    _log.info("partition_resumes", partition=partition)
                    self._log.resume(partition)
        return decoded
