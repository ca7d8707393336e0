"""The files of one stack: everything it keeps lies under one folder, so that two folders are two stacks."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from infra.settings import PORTS, STACK_ENV


@dataclass(frozen=True, slots=True)
class Home:
    """Paths below Telltale's home, and the file operations every part shares."""

    path: Path

    @property
    def stack_env(self) -> Path:
        """Return the file of addresses and passwords that settings read."""
        return self.path / STACK_ENV

    @property
    def ports(self) -> Path:
        """Return the file of the ports once chosen."""
        return self.path / PORTS

    @property
    def secrets(self) -> Path:
        """Return the file of generated passwords."""
        return self.path / "secrets.json"

    @property
    def state(self) -> Path:
        """Return the file in which the supervisor says what runs."""
        return self.path / "state.json"

    @property
    def lock(self) -> Path:
        """Return the file that a living supervisor holds locked."""
        return self.path / "supervisor.lock"

    @property
    def rests(self) -> Path:
        """Return the file of the parts that people have stopped while the stack runs."""
        return self.path / "rests.json"

    def log(self, name: str) -> Path:
        """Return a part's log file."""
        return self.path / "logs" / f"{name}.log"

    def folder(self, name: str) -> Path:
        """Return a part's own folder, made when missing, closed to others."""
        folder = self.path / name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    @property
    def temporary(self) -> Path:
        """Return the folder of what services write for a moment: emptied by every `telltale up`."""
        return self.folder("tmp")

    def create(self) -> None:
        """Make the folder itself and the one of logs. Passable by others, since PostgreSQL may run as another user."""
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / "logs").mkdir(exist_ok=True, mode=0o700)

    @property
    def mark(self) -> str:
        """Return twelve hex digits that stand for this folder."""
        return hashlib.sha256(str(self.path).encode()).hexdigest()[:12]
