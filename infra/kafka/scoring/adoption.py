"""Setting the scorers' group to where the score ledger ends: the repair after the group's offsets were lost."""

from collections.abc import Mapping
from typing import Final

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from domain.topics import SENSOR_EVENTS
from infra.kafka.client.clients import CONNECT_TIMEOUT_S, partitions_of
from infra.kafka.scoring.history import KafkaScoringHistory
from infra.kafka.scoring.scoring_log import GROUP
from schemas.contracts import Contracts


class ScorersRunning(RuntimeError):
    """The group has members: their offsets are theirs to set."""


class KafkaScoringAdoption:
    """Reads the ledger of every partition and sets the group's offsets to its ends."""

    def __init__(self, bootstrap: str, contracts: Contracts) -> None:
        self._history: Final = KafkaScoringHistory(bootstrap, contracts)
        self._admin: Final = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})

    def adopt(self) -> Mapping[int, int]:
        """Set the committed offset of each partition with a ledger to the ledger's end; return those ends.

        The ledger is what was scored, so nothing is scored twice and nothing is left out. Doing it again changes
        nothing.

        Raises:
            ScorersRunning: a scorer is a member of the group; nothing was changed.
            LogNotReachable, LogStalled: the log can't be read.
        """
        ledgers = {partition: self._history.newest_ledger(partition) for partition in partitions_of(SENSOR_EVENTS)}
        ends = {partition: ledger.next_offset for partition, ledger in ledgers.items() if ledger is not None}
        if not ends:
            return {}
        places = [TopicPartition(SENSOR_EVENTS, *end) for end in sorted(ends.items())]
        futures = self._admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(GROUP, places)])
        try:
            answer = futures[GROUP].result(CONNECT_TIMEOUT_S)
        except KafkaException as error:
            raise _refused(error.args[0]) from error
        # The answer as a whole hardly ever fails: what was refused is told partition by partition.
        if refused := next((place.error for place in answer.topic_partitions if place.error is not None), None):
            raise _refused(refused)
        return ends


def _refused(error: KafkaError) -> ScorersRunning:
    return ScorersRunning(
        f"the offsets of group {GROUP} can't be set now: {error.str()}. Stop every scorer, wait for the end of its "
        "session (10 s), and try again"
    )
