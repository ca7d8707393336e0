"""The projector: brings the log into one build's tables, batch by batch, each record once.

It owns the build's checkpoint. It never writes rows without moving the checkpoint in the same transaction,
and never reads how far it is from anywhere else.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic
from typing import Final

from domain.positions import Position
from projections.batch_decoder import BatchDecoder
from projections.batch_reader import Batch, BatchReader
from projections.checkpoints import Checkpoint, TopicPartition
from projections.folder import Folder
from projections.log_identity import require_same_log
from projections.ports import ProjectionError, ProjectionStore, RecordSource, StorageRefused, Vocabulary
from projections.status import ProjectorState, ProjectorStatus

LARGEST_BATCH: Final = 20_000
"""Records of one transaction at most; COPY is fastest from 5,000 to 20,000."""

REPORT_S: Final = 1.0
"""How often the log's own tools are told the position."""


class RecordRefused(ProjectionError):
    """One record decodes and can't be stored: the projection stops before it."""

    def __init__(self, position: Position, cause: StorageRefused) -> None:
        super().__init__(f"{cause}; to pass over the record: telltale skip {position} --because …")
        self.position = position


class Projector:
    """Projects one build. `open`, then `step` again and again; after an error `open` once more."""

    def __init__(
        self,
        *,
        folder: Folder,
        build: str,
        source: RecordSource,
        store: ProjectionStore,
        vocabulary: Vocabulary,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.folder: Final = folder
        self.build: Final = build
        self._source = source
        self._store = store
        self._vocabulary = vocabulary
        self._clock = clock
        self._reader = BatchReader(source, BatchDecoder(folder, vocabulary), vocabulary, clock)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix=f"write-{build}")
        self._writing: tuple[Batch, Future[None]] | None = None
        self._written: dict[TopicPartition, Checkpoint] = {}
        self._ends_at_start: Mapping[TopicPartition, int] = {}
        self._reported_at_s = clock()
        self._limit = LARGEST_BATCH
        self._applied = 0

    def open(self) -> None:
        """Take hold of the build, see that the log is the one it was projected from, and go to its checkpoint.

        Raises:
            BuildInUse: another projector holds the build.
            LogIsNotTheOneProjected: the log was reset or restored.
            LogUnavailable, StoreUnavailable: one of them does not answer.
        """
        self._forget_writing()
        self._vocabulary.refresh()
        partitions = self._source.partitions(self.folder.topics)
        checkpoints = self._store.open(partitions)
        self._written = {checkpoint.where: checkpoint for checkpoint in checkpoints}
        require_same_log(checkpoints, partitions, self._source)
        self._ends_at_start = {partition.where: partition.end_offset for partition in partitions}
        self._reader.go_to(checkpoints)

    def step(self) -> int:
        """Bring the next records of the log into the tables; return how many were polled.

        1. Poll a batch and decode it, while the batch before is still being written by the second thread.
        2. When that one is committed, hand this one over: begin.
        3. Advance the checkpoint by compare-and-set, all partitions of the batch in one statement: a second
           writer of this build fails here, before it has written a row.
        4. Copy the rows into `batch`, run the build's step.
        5. Commit. Afterwards tell the log's own tools the position: a report, never read back.

        A crash or error before 5 leaves neither rows nor checkpoint: the records are polled again from the
        stored checkpoint. After 5 both are there. A commit whose answer was lost has happened or not; `open` reads
        the checkpoint, which says which.

        Raises:
            RecordRefused: one record can't be stored.
            CheckpointMoved: somebody else writes this build.
            LogUnavailable, StoreUnavailable, LogIsNotTheOneProjected: as in `open`; open again.
        """
        try:
            batch = self._reader.take(self._limit)  # Step 1
            self._finish_writing()
            if batch.moves:
                self._writing = batch, self._writer.submit(self._write, batch)  # Step 2
        except StorageRefused as refused:
            self._narrow(refused)
            return 0
        except Exception:
            # The source has already moved past this batch; without this the next poll would skip it.
            self._forget_writing()
            self._reader.go_to(self._written.values())
            raise
        return batch.records

    def project_until(self, ends: Mapping[TopicPartition, int], *, running: Callable[[], bool]) -> bool:
        """Project up to `ends` and not one record further; return whether they were reached while `running()`.

        A partition that is past its end stays where it is. Afterwards the projector goes on without a cut.

        Raises:
            The same as `step`.
        """
        self.settle()
        self._reader.cut_at(ends)
        self._reader.go_to(self._written.values())
        try:
            while running() and not self.has_reached(ends):
                self.step()
                if not self._reader.is_before(ends):
                    self.settle()
            self.settle()
        finally:
            self._reader.cut_at({})
        self._reader.go_to(self._written.values())
        return self.has_reached(ends)

    def settle(self) -> None:
        """Wait until everything polled is committed.

        Raises:
            The same as `step`.
        """
        try:
            self._finish_writing()
        except StorageRefused as refused:
            self._narrow(refused)

    def close(self) -> None:
        """Let go of build and log; what is being written is finished first."""
        self._forget_writing()
        self._writer.shutdown()
        self._store.close()
        self._source.close()

    @property
    def status(self) -> ProjectorStatus:
        """Return what this projector says of itself while nothing is wrong."""
        position, cause = next(iter(self._reader.waiting().items()), (None, None))
        state = ProjectorState.RUNNING if self._store.loaded else ProjectorState.LOADING
        return ProjectorStatus(
            read_model=self.folder.name,
            build=self.build,
            state=ProjectorState.WAITING if position else state,
            cause=cause,
            position=position,
            applied=self._applied,
            checkpoints=dict(self._written),
        )

    def _write(self, batch: Batch) -> None:
        """Do steps 2 to 5 of `step`; runs in the second thread."""
        with self._store.transaction() as transaction:
            transaction.advance(batch.moves)  # Step 3
            if batch.rejected:
                transaction.reject(batch.rejected)
            if batch.pieces:
                transaction.apply(batch.pieces)  # Step 4
        # Step 5: leaving the block has committed.

    def _finish_writing(self) -> None:
        if self._writing is not None:
            batch, written = self._writing
            written.result()
            self._writing = None
            self._written.update({move.to.where: move.to for move in batch.moves})
            self._applied += batch.records
            self._limit = min(LARGEST_BATCH, self._limit * 2)
        if not self._store.loaded and self.has_reached(self._ends_at_start):
            self._store.finish_load()
        if self._clock() >= self._reported_at_s + REPORT_S:
            self._reported_at_s = self._clock()
            self._source.report({where: checkpoint.next_offset for where, checkpoint in self._written.items()})

    def has_reached(self, ends: Mapping[TopicPartition, int]) -> bool:
        """Return whether everything below `ends` is committed."""
        return all(self._written[where].next_offset >= end for where, end in ends.items())

    def _narrow(self, refused: StorageRefused) -> None:
        """Go back and take half as many records, until the one that can't be stored stands alone."""
        batch = self._writing[0] if self._writing else None
        self._writing = None
        self._reader.go_to(self._written.values())
        if batch is None or batch.first is None:
            raise refused
        if batch.records == 1:
            raise RecordRefused(batch.first, refused) from refused
        self._limit = max(1, batch.records // 2)

    def _forget_writing(self) -> None:
        """Wait for the write in progress, whose outcome only the stored checkpoint tells from now on."""
        if self._writing is not None:
            self._writing[1].exception()
            self._writing = None
