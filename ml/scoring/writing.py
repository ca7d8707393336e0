"""The scorer's transaction: the work of all partitions written at once, in a thread that can be given up."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from time import monotonic
from typing import Final

from domain.scoring import ScorerStateSaved
from domain.topics import SCORER_STATE, TOPICS, TopicKind
from ml.scoring.ports import ScoringTransaction, TransactionStuck
from ml.scoring.state import PartitionState
from ml.scoring.taking import Saved, saved_of
from ml.scoring.work import PartitionWork, snapshot_of

SNAPSHOT_EVERY: Final = 100_000
"""Readings between two snapshots of all partitions of a slot together: what a restart folds again, a second's work."""

SNAPSHOT_BYTES_A_READING: Final = 4
"""A partition of so many sensors that its snapshots would take more is saved less often, but every SNAPSHOT_EVERY."""

WRITTEN_WITHIN_S: Final = 15.0
"""A transaction takes milliseconds, and the log ends one by itself after ten seconds. librdkafka has been seen to wait
for ever for a broker that died in the midst of one, whatever deadline it was given."""


class Writing:
    """Owns the partitions' states: they change when a transaction that says so is committed, and never otherwise."""

    def __init__(self) -> None:
        self.states: dict[int, PartitionState] = {}
        self._saved: dict[int, Saved] = {}
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="transaction")
        self._since: float | None = None

    def forget(self) -> None:
        """Own no partition."""
        self.states.clear()
        self._saved.clear()

    def take(self, partition: int, state: PartitionState, saved: Saved) -> None:
        """Own a partition, whose newest snapshot is `saved`."""
        self.states[partition], self._saved[partition] = state, saved

    def unsaved(self) -> tuple[PartitionWork, ...]:
        """Return the work of saving every partition that has moved on since its snapshot."""
        return tuple(
            PartitionWork(partition, (), state)
            for partition, state in self.states.items()
            if state.next_offset > self._saved[partition].next_offset
        )

    def write(
        self,
        prepare: Callable[[], Sequence[PartitionWork]],
        transaction: AbstractContextManager[ScoringTransaction],
        *,
        save: bool = False,
    ) -> None:
        """Write what `prepare` returns, computed and written in the second thread; nothing when it returns ().

        The second thread is there so that a client that never comes back can be given up, not for speed: polling the
        next batch meanwhile was measured to cost a quarter of the rate, as both threads want the interpreter.

        Raises:
            TransactionAborted: nothing was written.
            SlotFenced: another process took this slot; nothing was written.
            TransactionStuck: the client does not come back.
        """
        working = self._worker.submit(self._write, prepare, transaction, save=save)
        while not wait([working], timeout=1.0).done:
            if self._since is not None and monotonic() - self._since > WRITTEN_WITHIN_S:
                raise TransactionStuck(WRITTEN_WITHIN_S)
        working.result()

    def _write(
        self,
        prepare: Callable[[], Sequence[PartitionWork]],
        transaction: AbstractContextManager[ScoringTransaction],
        *,
        save: bool,
    ) -> None:
        """Write the work of all partitions in one transaction.

        1. Compute the work on copies: nothing of this process has changed yet. 2. Begin. 3. Append, per partition, to
        the source's own partition number: changed models first, verdicts, dead letters, the ledger, and a snapshot
        where one is due; marks of unread records go to their control topic. 4. Advance the group's positions, also
        without output. 5. Commit. 6. Only now the new states are the states.
        A crash before step 5 leaves nothing: the broker aborts, the positions stand. A crash after it leaves the
        whole: the next owner takes the partitions with these positions, ledgers and snapshots.
        """
        work = prepare()  # Step 1
        if not work:
            return
        saved = {
            part.partition: tuple(snapshot_of(part.partition, part.state)) for part in work if save or self._due(part)
        }
        self._since = monotonic()
        try:
            with transaction as writing:  # Steps 2 and 5
                for part in work:
                    for topic, key, event in part.records:  # Step 3
                        partition = 0 if TOPICS[topic].kind is TopicKind.CONTROL else part.partition
                        writing.append(topic, partition, key, event)
                self._append_snapshots(writing, saved)
                writing.advance({part.partition: part.state.next_offset for part in work})  # Step 4
        finally:
            self._since = None
        self.states.update({part.partition: part.state for part in work})  # Step 6
        self._saved.update({partition: saved_of(chunks) for partition, chunks in saved.items()})

    @staticmethod
    def _append_snapshots(writing: ScoringTransaction, saved: Mapping[int, Sequence[ScorerStateSaved]]) -> None:
        for partition, chunks in saved.items():
            for chunk in chunks:
                writing.append(SCORER_STATE, partition, None, chunk)

    def _due(self, part: PartitionWork) -> bool:
        """Say whether a snapshot is due, counted from the partition's last one, whoever wrote it."""
        saved = self._saved[part.partition]
        affordable = saved.size // SNAPSHOT_BYTES_A_READING
        distance = min(max(SNAPSHOT_EVERY // len(self.states), affordable), SNAPSHOT_EVERY)
        return part.state.next_offset - saved.next_offset >= distance
