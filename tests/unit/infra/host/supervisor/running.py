"""A supervisor in a thread, over parts that are lines of shell."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from infra.host.embedded.home import Home
from infra.host.supervisor.part import RunOnce
from infra.host.supervisor.program import NotReady, Program
from infra.host.supervisor.state import PartKind, PartState
from infra.host.supervisor.supervisor import Supervisor


@dataclass
class ShellPart:
    """A part whose program is a line of shell."""

    name: str
    line: str
    folder: Path
    kind: PartKind = PartKind.SERVICE
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    ready: Callable[[], bool] = lambda: True
    address: str = ""
    ready_deadline_s: float = 5.0
    fix: str = "try again"
    settled: list[str] = field(default_factory=list)

    def prepare(self, run: RunOnce) -> None: ...

    def program(self) -> Program:
        return Program(arguments=("/bin/sh", "-c", self.line), folder=self.folder, stop_deadline_s=0.3)

    def probe(self) -> None:
        if not self.ready():
            raise NotReady("the test says no")

    def settle(self) -> None:
        self.settled.append(self.name)


class Running:
    """A supervisor in a thread, and what it reported."""

    def __init__(self, home: Home, *parts: ShellPart) -> None:
        self.home = home
        self.reports: list[str] = []
        self.up = threading.Event()
        self.supervisor = Supervisor(
            parts,
            status_path=home.state,
            rests_path=home.rests,
            logs=home.log,
            report=lambda name, what: self.reports.append(f"{name}: {what}"),
        )
        self._thread = threading.Thread(target=self.supervisor.run, kwargs={"when_up": self.up.set}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.supervisor.stop()
        self._thread.join(20)
        assert not self._thread.is_alive()

    def pid(self, name: str) -> int:
        process = self.supervisor.status.part(name).process
        assert process is not None
        return process.pid

    def state(self, name: str) -> PartState:
        return self.supervisor.status.part(name).state
