"""DeadLetters in memory."""

from collections.abc import Sequence

from commands.dead_letter_log import LoggedLetter
from domain.dead_letters import DeadLettered
from tests.builders import NOON


class FakeDeadLetters:
    """Holds what the scorer puts in."""

    def __init__(self) -> None:
        self._letters: list[LoggedLetter] = []

    def put(self, letter: DeadLettered) -> None:
        self._letters.append(LoggedLetter(letter, NOON))

    def letters(self) -> Sequence[LoggedLetter]:
        return tuple(self._letters)
