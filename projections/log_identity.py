"""Whether the log is the one that a build was projected from.

A read model of another log's records would look right and be wrong, so nothing is read before this is known.
"""

from collections.abc import Mapping, Sequence

from projections.checkpoints import Checkpoint, TopicPartition
from projections.ports import LogIsNotTheOneProjected, LogPartition, RecordSource


def require_same_log(
    checkpoints: Sequence[Checkpoint], partitions: Sequence[LogPartition], source: RecordSource
) -> None:
    """Return when every checkpoint's topic is the same and its last record is where and what it was.

    A last record that retention has removed can't be compared: the topic's id must do.

    Raises:
        LogIsNotTheOneProjected: a topic was made anew, is shorter than it was, or holds another record.
        LogUnavailable: the log does not answer.
    """
    found = {partition.where: partition for partition in partitions}
    for checkpoint in checkpoints:
        _require_same_partition(checkpoint, found)
    last = {
        checkpoint.where: checkpoint.last_offset
        for checkpoint in checkpoints
        if checkpoint.last_offset is not None and checkpoint.last_offset >= found[checkpoint.where].first_offset
    }
    crcs = source.crcs(last) if last else {}
    for checkpoint in checkpoints:
        if checkpoint.where in last and crcs.get(checkpoint.where) != checkpoint.last_crc:
            raise LogIsNotTheOneProjected(
                checkpoint.where, f"offset {checkpoint.last_offset} does not hold the record that was projected"
            )


def _require_same_partition(checkpoint: Checkpoint, found: Mapping[TopicPartition, LogPartition]) -> None:
    partition = found.get(checkpoint.where)
    if partition is None:
        raise LogIsNotTheOneProjected(checkpoint.where, "the topic has no such partition")
    if partition.topic_id != checkpoint.topic_id:
        raise LogIsNotTheOneProjected(checkpoint.where, "the topic was made anew since")
    if partition.end_offset < checkpoint.next_offset:
        raise LogIsNotTheOneProjected(
            checkpoint.where, f"it ends at {partition.end_offset}, but was projected up to {checkpoint.next_offset}"
        )
