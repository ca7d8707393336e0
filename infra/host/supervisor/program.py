"""A program to be started: what the supervisor needs to know of it and no more."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Arguments and surroundings of one program."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Set in addition to the supervisor's own."""
    folder: Path
    user: int | None = None
    """Run as this user and its group of the same number; None: as whoever runs the supervisor."""
    niceness: int = 0
    """Above 0 it gives way to the others while there is not enough processor for all."""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_deadline_s: float = 15.0
    """Seconds until a program asked to stop is killed."""


class NotReady(Exception):
    """A part that was started does not answer yet; the text says what it waits for."""


class ProgramFailed(Exception):
    """A program that was to do one thing ended badly; carries the last lines it said."""

    def __init__(self, program: str, *, ended: str, last_lines: str) -> None:
        super().__init__(f"{program} {ended}")
        self.program = program
        self.last_lines = last_lines


class Interrupted(Exception):
    """The supervisor is stopping; whatever was under way is given up."""
