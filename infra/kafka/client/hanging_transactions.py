"""Transactions that the log holds open for ever, though it calls them ended: found, and ended by their own writer.

A broker whose disk is full has been seen to note an abort as complete without having written its marker. From then
on committed readers stop before that transaction's first record, and the group's positions are never answered.
Whoever writes under the same transactional id can end it: a marker ends everything that its writer has open in a
partition, whichever transaction it was written for.
"""

from collections.abc import Collection
from contextlib import closing
from typing import Any, Final

import structlog
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from infra.kafka.client.clients import consumer
from infra.kafka.client.ends import LogEnds, Place

_ANSWER_S: Final = 30.0
_POSITIONS_WITHIN_S: Final = 2.0
"""An open transaction of another writer that lives is over much sooner; one too many of these costs nothing."""

_log = structlog.get_logger()


def end_what_is_held_open(
    bootstrap: str, writer: Any, *, group: str, read: Collection[Place], written: Collection[Place]
) -> None:
    """Write the missing markers, if there may be some, with `writer`, a transactional client that was just initialised.

    `read` are the partitions whose positions the group keeps, `written` those that transactions of this id write to.
    Nothing of it can be seen by committed readers: the one transaction that touches them all is aborted.

    Raises:
        LogNotReachable, KafkaException: the log does not answer.
    """
    with closing(consumer(bootstrap, group=group)) as asking:
        if not _held_open(bootstrap, asking, read=read, written=written):
            return
        _log.warning("transactions_held_open", group=group, partitions=len(written))
        writer.begin_transaction()
        for topic, partition in written:
            writer.produce(topic, b"", partition=partition)
        writer.flush(_ANSWER_S)
        # Without a member's name the log asks nothing about the group; aborted, the position says nothing.
        positions = [TopicPartition(*next(iter(read)), 0)]
        writer.send_offsets_to_transaction(positions, asking.consumer_group_metadata(), _ANSWER_S)
        writer.abort_transaction(_ANSWER_S)


def _held_open(bootstrap: str, asking: Any, *, read: Collection[Place], written: Collection[Place]) -> bool:
    ends = LogEnds(bootstrap)
    if ends.stable(written) != ends.written(written):
        return True
    try:
        asking.committed([TopicPartition(*place) for place in read], timeout=_POSITIONS_WITHIN_S)
    except KafkaException as exception:
        if exception.args[0].code() != KafkaError._TIMED_OUT:  # noqa: SLF001 - the library's public constant
            raise
        return True
    return False
