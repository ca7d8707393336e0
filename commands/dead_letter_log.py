"""Dead letters as commands on them need them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.dead_letters import DeadLettered


@dataclass(frozen=True, slots=True)
class LoggedLetter:
    """A dead letter and when it was appended."""

    letter: DeadLettered
    appended_at: datetime


class DeadLetters(Protocol):
    """Topic dead-letters."""

    def letters(self) -> Sequence[LoggedLetter]:
        """Return every dead letter up to the log's end now, oldest first."""
