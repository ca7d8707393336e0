"""Dead letters and what people decided on them, as commands on them need the log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.dead_letters import DeadLetterDecision, DeadLetterDiscarded, DeadLettered, DeadLetterRedriven
from domain.positions import Position
from domain.readings import SensorReadingRecorded


class DecisionNotAppended(Exception):
    """The log did not take the decision, or did not say so; the same command again is safe."""


@dataclass(frozen=True, slots=True)
class LoggedLetter:
    """A dead letter and when it was appended."""

    letter: DeadLettered
    appended_at: datetime


class DeadLetterLog(Protocol):
    """Topics dead-letters and skips, and the way back into sensor-events; one decides at a time."""

    def letters(self) -> Sequence[LoggedLetter]:
        """Return every dead letter up to the log's end now, oldest first."""

    def decisions(self) -> Mapping[str, DeadLetterDecision]:
        """Return the decision that holds on each dead letter, by the position of its record, up to the log's end."""

    def open(self) -> None:
        """Become the one who decides: another's decision, made on a past that may change, is refused from now on.

        Raises:
            DecisionNotAppended: the log does not answer.
        """

    def redrive(
        self, reading: SensorReadingRecorded, *, position: Position, because: str, actor: str
    ) -> DeadLetterRedriven:
        """Append the reading, with a header that names `position`, and the decision: both, or neither.

        Raises:
            DecisionNotAppended: neither is in the log, or the log did not say.
        """

    def discard(self, decision: DeadLetterDiscarded) -> None:
        """Append the decision.

        Raises:
            DecisionNotAppended: it is not in the log, or the log did not say.
        """
