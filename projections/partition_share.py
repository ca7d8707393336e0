"""Some partitions of the log, projected into a build: how several projectors load one build side by side.

Each partition has one of them. By the law of projections their order does not show, and the checkpoint's
compare-and-set keeps two from ever writing the same partition. None of them decides that the build is loaded.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager

from projections.checkpoints import Checkpoint, TopicPartition
from projections.ports import LogPartition, Polled, ProjectionStore, ProjectionTransaction, RecordSource


class LogShare:
    """A record source that knows some partitions only."""

    def __init__(self, source: RecordSource, wanted: Collection[TopicPartition]) -> None:
        self._source = source
        self._wanted = frozenset(wanted)

    def partitions(self, topics: Sequence[str]) -> Sequence[LogPartition]:
        """Return the wanted partitions of `topics`, sorted."""
        return [partition for partition in self._source.partitions(topics) if partition.where in self._wanted]

    def crcs(self, offsets: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int | None]:
        """Return the CRC of the record at each offset."""
        return self._source.crcs(offsets)

    def seek(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Read these partitions, and only these, from these offsets on."""
        self._source.seek(offsets)

    def poll(self, limit: int) -> Polled:
        """Return at most `limit` records."""
        return self._source.poll(limit)

    def report(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Say nothing: the build's lag is for the projector that will follow it."""

    def close(self) -> None:
        """Leave the log."""
        self._source.close()


class BuildShare:
    """A build of which some partitions only are written; the rest of it is somebody else's."""

    def __init__(self, store: ProjectionStore, wanted: Collection[TopicPartition]) -> None:
        self._store = store
        self._wanted = frozenset(wanted)

    def open(self, partitions: Sequence[LogPartition]) -> Sequence[Checkpoint]:
        """Return the wanted partitions' checkpoints, sorted."""
        return [checkpoint for checkpoint in self._store.open(partitions) if checkpoint.where in self._wanted]

    def transaction(self) -> AbstractContextManager[ProjectionTransaction]:
        """Return a new transaction."""
        return self._store.transaction()

    @property
    def loaded(self) -> bool:
        """Whether there is nothing to finish: for a part, always."""
        return True

    def finish_load(self) -> None:
        """Do nothing: the whole is finished once all parts are."""

    def close(self) -> None:
        """Let go of the build."""
        self._store.close()
