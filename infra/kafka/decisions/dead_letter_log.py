"""Dead letters on Kafka, and what was decided on them, for those who only read."""

from collections.abc import Iterator, Mapping
from typing import Final

from commands.dead_letter_log import LoggedLetter
from domain.dead_letters import (
    DeadLetterDecision,
    DeadLettered,
    decisions_by_position,
)
from domain.topics import DEAD_LETTERS, SKIPS
from infra.kafka.client.clients import partitions_of
from infra.kafka.client.log_range import read_to_end
from infra.kafka.meaning.contracts import ContractsFollower
from infra.kafka.meaning.control_topic import ControlDecoder, control_records
from schemas.contracts import Contracts
from schemas.letters import Letters


class KafkaDeadLetterLog:
    """The dead letters of one cluster."""

    def __init__(self, bootstrap: str, contracts: Contracts) -> None:
        self._bootstrap: Final = bootstrap
        self._contracts: Final = contracts

    def letters(self) -> tuple[LoggedLetter, ...]:
        """Return every dead letter up to the log's end now, oldest first."""
        found = [logged for partition in partitions_of(DEAD_LETTERS) for logged in self._letters(partition)]
        return tuple(sorted(found, key=lambda logged: logged.appended_at))

    def decisions(self) -> Mapping[str, DeadLetterDecision]:
        """Return the decision that holds on each dead letter."""
        return decisions_by_position(
            record.event for record in control_records(self._bootstrap, SKIPS, self._contracts)
        )

    def _letters(self, partition: int) -> Iterator[LoggedLetter]:
        whole = Letters(self._contracts)
        decoder = ControlDecoder(ContractsFollower(self._bootstrap, self._contracts))
        for batch in read_to_end(self._bootstrap, DEAD_LETTERS, partition):
            for record in decoder.events(batch):
                if isinstance(record.event, DeadLettered) and (letter := whole.whole(record.event)) is not None:
                    yield LoggedLetter(letter, record.appended_at)
