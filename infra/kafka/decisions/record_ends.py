"""Where the log's partitions end, for decisions on single records."""

from typing import Final

from domain.positions import Position
from domain.topics import TOPICS
from infra.kafka.client.ends import LogEnds


class KafkaRecordEnds:
    """Ends of one cluster's partitions."""

    def __init__(self, bootstrap: str) -> None:
        self._ends: Final = LogEnds(bootstrap)

    def end_of(self, position: Position) -> int | None:
        """Return the end, for committed readers, of a record's partition; None: the log has no such partition.

        Raises:
            LogNotReachable: no broker answers.
        """
        topic = TOPICS.get(position.topic)
        if topic is None or position.partition >= topic.partitions:
            return None
        place = (position.topic, position.partition)
        return self._ends.stable([place])[place]
