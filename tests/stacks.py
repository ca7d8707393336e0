"""Embedded stacks of the tests' own, driven as people drive them: through the command line."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from infra.host.supervisor.state import PartState, read_status
from infra.settings import Settings

TELLTALE = (sys.executable, "-c", "from infra.cli.main import main; main()")
PROJECT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class StackOfTests:
    """One home; nothing runs in it until `up`."""

    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()
    """Words before the command, such as those that make it another user's."""

    @property
    def settings(self) -> Settings:
        """Return the settings as the stack wrote them."""
        return Settings(home=self.home)

    def up(self, *, light: bool = True) -> subprocess.CompletedProcess[str]:
        """Start the services; return when all are ready."""
        return self.run("up", "--detach", "--services-only", *(["--light"] if light else []))

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return subprocess.run(
            [*self.prefix, *TELLTALE, *words],
            check=False,
            capture_output=True,
            text=True,
            env=self._environment(),
            cwd=PROJECT,
            timeout=240,
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command."""
        return subprocess.Popen(
            [*self.prefix, *TELLTALE, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self._environment(),
            cwd=PROJECT,
            start_new_session=True,
        )

    def parts(self) -> dict[str, dict[str, Any]]:
        """Return what `status --json` says of the parts of this stack, by name; not of work done elsewhere."""
        rows = json.loads(self.run("status", "--json").stdout)
        return {row["name"]: row for row in rows if "pid" in row}

    def all_ready(self) -> bool:
        """Return whether the supervisor notes all parts as ready; without a command's start, for those who wait."""
        status = read_status(self.home / "state.json")
        return status is not None and all(part.state is PartState.READY for part in status.parts)

    def running(self) -> list[psutil.Process]:
        """Return every process that was started for this home: it has the home among its words or its surroundings."""
        mark = str(self.home)
        return [process for process in psutil.process_iter() if mark in _words(process)]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "TELLTALE_HOME": str(self.home), **self.environment}


def must(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    """Return a command that ended well; else show what it said."""
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def wait_until(condition: Callable[[], bool], *, deadline_s: float, what: str) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < deadline, f"within {deadline_s} s it did not come true that {what}"
        time.sleep(0.1)


def _words(process: psutil.Process) -> str:
    try:
        words: Sequence[str] = [*process.cmdline(), process.environ().get("TELLTALE_HOME", "")]
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return ""
    return "\n".join(words)
