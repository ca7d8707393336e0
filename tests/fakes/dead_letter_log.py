"""A DeadLetterLog in memory."""

from collections.abc import Mapping, Sequence

from commands.dead_letter_log import DecisionNotAppended, LoggedLetter
from domain.dead_letters import (
    DeadLetterDecision,
    DeadLetterDiscarded,
    DeadLettered,
    DeadLetterRedriven,
    decisions_by_position,
)
from domain.positions import Position
from domain.readings import SensorReadingRecorded
from tests.builders import NOON


class FakeDeadLetterLog:
    """Holds what it is told; `away` makes it take nothing."""

    def __init__(self) -> None:
        self.readings: list[SensorReadingRecorded] = []
        self.away = False
        self._letters: list[LoggedLetter] = []
        self._decisions: list[DeadLetterDecision] = []
        self._open = False

    def put(self, letter: DeadLettered) -> None:
        self._letters.append(LoggedLetter(letter, NOON))

    def letters(self) -> Sequence[LoggedLetter]:
        return tuple(self._letters)

    def decisions(self) -> Mapping[str, DeadLetterDecision]:
        return decisions_by_position(self._decisions)

    def open(self) -> None:
        self._open = True

    def redrive(
        self, reading: SensorReadingRecorded, *, position: Position, because: str, actor: str
    ) -> DeadLetterRedriven:
        self._require_open()
        self.readings.append(reading)
        redriven_as = f"sensor-events/0/{1000 + len(self.readings)}"
        decision = DeadLetterRedriven(position=str(position), redriven_as=redriven_as, because=because, actor=actor)
        self._decisions.append(decision)
        return decision

    def discard(self, decision: DeadLetterDiscarded) -> None:
        self._require_open()
        self._decisions.append(decision)

    def _require_open(self) -> None:
        if self.away or not self._open:
            raise DecisionNotAppended("the test said so")
