"""What the projector needs from the world: records, somewhere to keep rows, and what the records mean."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from domain.positions import Position
from domain.profiles import ProfileDefined
from projections.checkpoints import Checkpoint, CheckpointMove, TopicPartition
from schemas.contracts import Contracts
from schemas.records import RecordBatch


class ProjectionError(Exception):
    """Root of what can stop or delay a projection."""


class LogUnavailable(ProjectionError):
    """The log can't be read now; the text says what to do."""


class LogIsNotTheOneProjected(ProjectionError):
    """The log was reset or restored: what the checkpoint remembers is not what the log holds."""

    def __init__(self, where: TopicPartition, reason: str) -> None:
        super().__init__(f"{where}: {reason}. The log was reset or restored: telltale rebuild")
        self.where = where


class TopicGrew(ProjectionError):
    """A topic has another number of partitions than ours: a machine's history would lie in two of them."""

    def __init__(self, topic: str, *, found: int, wanted: int) -> None:
        super().__init__(
            f"{topic} has {found} partitions instead of {wanted}, which can never change: what was written since is in "
            "other partitions than before. Restore the log from a backup: telltale restore"
        )


class StoreUnavailable(ProjectionError):
    """The store can't be written now, through no fault of the rows; nothing of the transaction may be assumed."""


class BuildInUse(StoreUnavailable):
    """Another projector holds this build; this one waits for it to end."""

    def __init__(self, build: str) -> None:
        super().__init__(f"another projector holds {build}; this one stands by")


class CheckpointMoved(ProjectionError):
    """Somebody else has written this build since its checkpoint was read."""

    def __init__(self, build: str, partitions: Sequence[TopicPartition]) -> None:
        named = ", ".join(str(where) for where in partitions)
        super().__init__(f"{build}: the checkpoint of {named} is not where this projector left it")


class StorageRefused(ProjectionError):
    """The store will not take these rows, now or ever."""


@dataclass(frozen=True, slots=True)
class LogPartition:
    """A partition as the log has it now: first offset held, and the last stable offset."""

    where: TopicPartition
    topic_id: str
    first_offset: int
    end_offset: int


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll brought: records in log order per partition, and the ends that were met after them."""

    batches: tuple[RecordBatch, ...]
    ends: Mapping[TopicPartition, int]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that is in no table, and why: the class of its dead letter, and words."""

    position: Position
    error: str
    message: str


class RecordSource(Protocol):
    """Committed records of some topics, from wherever the reader says."""

    def partitions(self, topics: Sequence[str]) -> Sequence[LogPartition]:
        """Return all partitions of `topics`, sorted.

        Raises:
            LogUnavailable: the log does not answer, or a topic is missing.
            TopicGrew: a topic has more or fewer partitions than it was made with.
        """

    def crcs(self, offsets: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int | None]:
        """Return the CRC of the record at each offset; None where the log holds no record there (any more).

        Raises:
            LogUnavailable: the log does not answer.
        """

    def seek(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Read these partitions, and only these, from these offsets on; forget what was fetched before."""

    def poll(self, limit: int) -> Polled:
        """Return at most `limit` records, waiting a little for the first.

        Raises:
            LogUnavailable: the log does not answer.
            LogIsNotTheOneProjected: an offset asked for is outside the log.
        """

    def report(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Tell the log's own tools how far this reader is; never read back."""

    def close(self) -> None:
        """Leave the log."""


class ProjectionTransaction(Protocol):
    """One transaction on a build; leaving its block commits, an exception rolls back."""

    def advance(self, moves: Sequence[CheckpointMove]) -> None:
        """Move checkpoints, all or none.

        Raises:
            CheckpointMoved: a stored checkpoint is not at its move's `expected`.
        """

    def reject(self, rejected: Sequence[Rejected]) -> None:
        """Note records that are in no table."""

    def apply(self, pieces: Sequence[pa.RecordBatch]) -> None:
        """Put the rows of all `pieces` into `batch` and run the build's step.

        Raises:
            StorageRefused: a row can't be stored.
        """


class ProjectionStore(Protocol):
    """One build of one read model."""

    def open(self, partitions: Sequence[LogPartition]) -> Sequence[Checkpoint]:
        """Take hold of the build and return its checkpoints, sorted; a partition new to it starts at its first offset.

        Opening again drops what was held before: the way back after any error.

        Raises:
            BuildInUse: another projector holds it.
            StoreUnavailable: the store does not answer.
        """

    def transaction(self) -> AbstractContextManager[ProjectionTransaction]:
        """Return a new transaction.

        Raises:
            StoreUnavailable: the store went away; whether a commit happened, only `open` can tell.
            StorageRefused: the rows can't be stored.
        """

    @property
    def loaded(self) -> bool:
        """Whether the build has its indexes, having once reached the log's end."""

    def finish_load(self) -> None:
        """Build the indexes and gather statistics.

        Raises:
            StoreUnavailable: the store went away; do it again.
        """

    def close(self) -> None:
        """Let go of the build."""


class Vocabulary(Protocol):
    """What records mean, as far as the log has said: published schemas, defined profiles, records to pass over."""

    @property
    def contracts(self) -> Contracts:
        """Return the published schemas."""

    @property
    def profiles(self) -> Mapping[str, ProfileDefined]:
        """Return the profiles by reference, such as pump@1."""

    @property
    def skipped(self) -> Mapping[Position, str]:
        """Return the positions a person said to pass over, with the reason."""

    def refresh(self) -> None:
        """Read what the log has said since.

        Raises:
            LogUnavailable: the log does not answer.
        """
