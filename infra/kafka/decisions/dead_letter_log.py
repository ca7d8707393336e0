"""Dead letters on Kafka: read whole, decided on by one writer at a time."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from commands.dead_letter_log import DecisionNotAppended, LoggedLetter
from domain.dead_letters import (
    REDRIVEN_FROM,
    DeadLetterDecision,
    DeadLetterDiscarded,
    DeadLettered,
    DeadLetterRedriven,
    decisions_by_position,
)
from domain.positions import Position
from domain.readings import SensorReadingRecorded, moment_of
from domain.topics import DEAD_LETTERS, SKIPS
from infra.kafka.client.appending import Fenced, NotAppended, OutcomeUnknown, Outgoing, TransactionalAppender
from infra.kafka.client.clients import partitions_of
from infra.kafka.client.log_range import read_to_end
from schemas.codec import Event, decode
from schemas.contracts import Contracts

TRANSACTIONAL_ID: Final = "telltale-dead-letters"


class KafkaDeadLetterLog:
    """The DeadLetterLog of one cluster; whoever only reads never calls `open`."""

    def __init__(self, bootstrap: str, contracts: Contracts) -> None:
        self._bootstrap: Final = bootstrap
        self._contracts: Final = contracts
        self._appender: Final = TransactionalAppender(bootstrap, transactional_id=TRANSACTIONAL_ID, contracts=contracts)

    def letters(self) -> tuple[LoggedLetter, ...]:
        """Return every dead letter up to the log's end now, oldest first. See `DeadLetterLog`."""
        found = [
            LoggedLetter(event, moment_of(appended_us))
            for partition in partitions_of(DEAD_LETTERS)
            for event, appended_us in self._events(DEAD_LETTERS, partition)
            if isinstance(event, DeadLettered)
        ]
        return tuple(sorted(found, key=lambda logged: logged.appended_at))

    def decisions(self) -> Mapping[str, DeadLetterDecision]:
        """Return the decision that holds on each dead letter. See `DeadLetterLog`."""
        return decisions_by_position(event for event, _ in self._events(SKIPS, 0))

    def open(self) -> None:
        """Become the one who decides. See `DeadLetterLog`."""
        try:
            self._appender.open()
        except NotAppended as error:
            raise DecisionNotAppended(str(error)) from error

    def redrive(
        self, reading: SensorReadingRecorded, *, position: Position, because: str, actor: str
    ) -> DeadLetterRedriven:
        """Append the reading and the decision in one transaction. See `DeadLetterLog`."""
        decided: list[DeadLetterRedriven] = []

        def decision(positions: Sequence[Position]) -> list[Outgoing]:
            decided.append(
                DeadLetterRedriven(position=str(position), redriven_as=str(positions[0]), because=because, actor=actor)
            )
            return [Outgoing(key=str(position), event=decided[0])]

        outgoing = Outgoing(key=reading.machine_id, event=reading, headers={REDRIVEN_FROM: str(position)})
        try:
            self._appender.append([outgoing], then=decision)
        except (NotAppended, OutcomeUnknown, Fenced) as error:
            raise DecisionNotAppended(f"{position} was not redriven: {error}") from error
        return decided[0]

    def discard(self, decision: DeadLetterDiscarded) -> None:
        """Append the decision. See `DeadLetterLog`."""
        try:
            self._appender.append([Outgoing(key=decision.position, event=decision)])
        except (NotAppended, OutcomeUnknown, Fenced) as error:
            raise DecisionNotAppended(f"{decision.position} was not discarded: {error}") from error

    def _events(self, topic: str, partition: int) -> Iterator[tuple[Event, int]]:
        for batch in read_to_end(self._bootstrap, topic, partition):
            for value, appended_us in zip(batch.values, batch.appended_at_us.tolist(), strict=True):
                yield decode(value, self._contracts), appended_us
