"""Dead letters on Kafka, and what was decided on them, for those who only read."""

from collections.abc import Iterator, Mapping
from typing import Final

from commands.dead_letter_log import LoggedLetter
from domain.dead_letters import (
    DeadLetterDecision,
    DeadLettered,
    decisions_by_position,
)
from domain.readings import moment_of
from domain.topics import DEAD_LETTERS, SKIPS
from infra.kafka.client.clients import partitions_of
from infra.kafka.client.log_range import read_to_end
from schemas.codec import Event, decode
from schemas.contracts import Contracts


class KafkaDeadLetterLog:
    """The dead letters of one cluster."""

    def __init__(self, bootstrap: str, contracts: Contracts) -> None:
        self._bootstrap: Final = bootstrap
        self._contracts: Final = contracts

    def letters(self) -> tuple[LoggedLetter, ...]:
        """Return every dead letter up to the log's end now, oldest first."""
        found = [
            LoggedLetter(event, moment_of(appended_us))
            for partition in partitions_of(DEAD_LETTERS)
            for event, appended_us in self._events(DEAD_LETTERS, partition)
            if isinstance(event, DeadLettered)
        ]
        return tuple(sorted(found, key=lambda logged: logged.appended_at))

    def decisions(self) -> Mapping[str, DeadLetterDecision]:
        """Return the decision that holds on each dead letter."""
        return decisions_by_position(event for event, _ in self._events(SKIPS, 0))

    def _events(self, topic: str, partition: int) -> Iterator[tuple[Event, int]]:
        for batch in read_to_end(self._bootstrap, topic, partition):
            for value, appended_us in zip(batch.values, batch.appended_at_us.tolist(), strict=True):
                yield decode(value, self._contracts), appended_us
