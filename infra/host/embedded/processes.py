"""Telltale's own processes: the table of what `telltale up` runs besides the services."""

import secrets
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import psutil

from infra.host.embedded.network_ports import listener
from infra.host.supervisor.part import RunOnce
from infra.host.supervisor.program import NotReady, Program
from infra.host.supervisor.state import PartKind


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnProcess:
    """A command that runs for ever, and what must be ready before it."""

    command: str
    arguments: tuple[str, ...] = ()
    needs: tuple[str, ...] = ("kafka",)
    after: tuple[str, ...] = ("registry",)
    """Contracts must be published once; from then on the log says what ids mean, whether the registry lives or not."""
    replicas: int = 1
    listens: bool = False
    """It has a port of its own name and answers HTTP there."""
    health: str = "/health"
    full_only: bool = False
    """Left out of a light stack."""


START: Final = "TELLTALE_START"
"""Names the variable by which a started process is known again; nothing reads it but the probe."""

STAYS_S: Final = 2.0
"""A process that nobody can ask is taken for ready once it has stayed this long."""

PROCESSES: Final = (
    OwnProcess(command="scorer"),
    OwnProcess(command="projector", needs=("kafka", "postgres")),
    OwnProcess(command="commands", listens=True),
    OwnProcess(command="alerts"),
    OwnProcess(command="mirror", needs=("kafka", "mlflow", "s3"), full_only=True),
    OwnProcess(command="api", needs=("kafka", "postgres"), listens=True),
    OwnProcess(command="dashboard", needs=(), after=(), listens=True, health="/_stcore/health"),
)
"""A new process is a new line, whose command is in the command line's table."""


class ProcessPart:
    """One process as a part for the supervisor: `telltale <command>` of this very installation."""

    kind = PartKind.PROCESS
    ready_deadline_s = 60.0

    def __init__(self, process: OwnProcess, *, replica: int, home: Path, folder: Path, port: int | None) -> None:
        self.name = process.command if process.replicas == 1 else f"{process.command}-{replica}"
        self.needs = process.needs
        self.after = process.after
        self.fix = f"run `telltale {process.command}` by itself to see what it says"
        self._process = process
        self._replica = replica
        self._home = home
        self._folder = folder
        self._port = port
        self._began = 0.0
        self._start = ""
        """Told to the process at its start, so that it can be known again by it."""

    @property
    def address(self) -> str:
        """Return its URL, if it has one."""
        return f"http://127.0.0.1:{self._port}" if self._port is not None else ""

    def prepare(self, run: RunOnce) -> None:
        """Do nothing."""

    def program(self) -> Program:
        """Return the command."""
        slot = ("--slot", str(self._replica)) if self._process.replicas > 1 else ()
        self._began = time.monotonic()
        self._start = secrets.token_hex(8)
        call = "from infra.cli.main import main; main()"
        return Program(
            arguments=(sys.executable, "-c", call, self._process.command, *self._process.arguments, *slot),
            environment={
                "TELLTALE_HOME": str(self._home),
                "PYTHONUNBUFFERED": "1",
                "TMPDIR": str(self._home / "tmp"),
                START: self._start,
                **self._bytecode(),
            },
            folder=self._folder,
        )

    def _bytecode(self) -> Mapping[str, str]:
        """Return where compiled modules are kept: compiling them at every restart would take half of its time.

        Beside the sources, as Python does; where that is forbidden to us, in the home.
        """
        if not sys.dont_write_bytecode:
            return {}
        return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(self._home / "bytecode")}

    def probe(self) -> None:
        """Answer HTTP, where it listens, and be the one that answers; elsewhere, stay."""
        if self._port is None:
            if time.monotonic() - self._began < STAYS_S:
                raise NotReady("it has just begun")
            return
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=1):
                pass
            httpx.get(f"{self.address}{self._process.health}", timeout=5).raise_for_status()
        except (OSError, httpx.HTTPError) as failure:
            raise NotReady(str(failure) or type(failure).__name__) from failure
        self._require_own_answer(self._port)

    def _require_own_answer(self, port: int) -> None:
        """Raise NotReady if what answers is not the process of this very start, but one that was quicker to listen."""
        found = listener(port)
        try:
            own = found is not None and found.environ().get(START) == self._start
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            own = False
        if not own:
            raise NotReady(f"port {port} is answered by {'another process' if found is None else f'pid {found.pid}'}")

    def settle(self) -> None:
        """Do nothing."""
