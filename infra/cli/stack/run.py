"""`telltale up` in the foreground: the supervisor with its reports on the terminal."""

import signal
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from types import FrameType

from rich.markup import escape

from infra.cli.main import COMMANDS, module_exists
from infra.cli.output import CommandFailed, note
from infra.exit_codes import ExitCode
from infra.host.embedded.home import Home
from infra.host.embedded.network_ports import PREFERRED, PortTaken, check_ports_free
from infra.host.embedded.stack import EmbeddedStack, needed_ports
from infra.host.supervisor.control import AlreadyRunning, end_orphans, held
from infra.host.supervisor.part import Part
from infra.host.supervisor.program import Interrupted
from infra.host.supervisor.state import PartState
from infra.host.supervisor.supervisor import Supervisor
from infra.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class StackWish:
    """What a person asked `up` for; `own`: Telltale's own processes too; `in_background`: no terminal can end it."""

    light: bool
    own: bool
    new_ports: bool
    scorers: int
    in_background: bool = False


def run_stack(home: Home, settings: Settings, wish: StackWish) -> int:
    """Run the stack until Ctrl-C, `telltale down` or a service that does not start; return the exit code."""
    home.create()
    try:
        with held(home.lock):
            end_orphans(home.state, report=_report)
            if wish.new_ports:
                home.ports.unlink(missing_ok=True)
            return _supervised(home, settings, wish)
    except AlreadyRunning:
        raise CommandFailed(
            "another supervisor holds this home", where=str(home.path), then="telltale status"
        ) from None


def _supervised(home: Home, settings: Settings, wish: StackWish) -> int:
    download = _DownloadReport()
    stack = EmbeddedStack(home, settings, light=wish.light, scorers=wish.scorers, download=download)
    for name, (old, new) in stack.moved.items():
        _report(name, f"port {old} is taken by another program; from now on it is {new}")
    parts: list[Part] = stack.services()
    if wish.own:
        parts += stack.processes(exists=_has_command, folder=Path.cwd())
    try:
        check_ports_free(needed_ports(stack.ports, parts), stack.claims)
    except PortTaken as failure:
        raise CommandFailed(
            str(failure),
            where=str(home.ports),
            then="stop that program, or `telltale up --new-ports`",
            code=ExitCode.REFUSED,
        ) from failure
    stack.write_settings()
    supervisor = Supervisor(parts, status_path=home.state, rests_path=home.rests, logs=home.log, report=_report)
    download.end_when(supervisor.stopping)
    interrupted = _stop_on_signals(supervisor)
    began = time.monotonic()

    def when_up() -> None:
        memory = supervisor.memory_bytes()
        total = sum(memory.values()) / 1e9
        took_s = time.monotonic() - began
        ends = "`telltale down` stops it" if wish.in_background else "Ctrl-C or `telltale down` stops it"
        note(f"[bold]up[/] in {took_s:.1f} s, {total:.2f} GB of memory; {ends}")
        for part in supervisor.status.all().parts:
            took = f"{part.took_s:5.1f} s" if part.took_s is not None else "   –   "
            note(f"  {part.name:<10} {took}  {memory.get(part.name, 0) / 1e6:5.0f} MB  {part.address}")
        for name, usual in PREFERRED.items():
            port = stack.ports.get(name)
            if wish.own and port not in (None, usual):
                note(f"{name} is at [bold]http://127.0.0.1:{port}[/]: another program had its usual port {usual}")

    was_up = supervisor.run(when_up=when_up)
    failed = [part.name for part in supervisor.status.all().parts if part.state is PartState.FAILED]
    if failed:
        raise CommandFailed(
            f"{', '.join(failed)} did not start, so everything was stopped again",
            where=str(home.log(failed[0])),
            then="the lines above say what to do; `telltale doctor` checks what it needs",
            code=ExitCode.NOT_REACHABLE,
        )
    note("everything is stopped")
    return ExitCode.INTERRUPTED if signal.SIGINT in interrupted and not was_up else ExitCode.YES


def _has_command(name: str) -> bool:
    entry = COMMANDS.get(name)
    return entry is not None and module_exists(entry[0])


def _stop_on_signals(supervisor: Supervisor) -> list[int]:
    """Let SIGINT and SIGTERM stop the supervisor; return the list that fills with the signals that came."""
    came: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        supervisor.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup wants it to live on
        signal.signal(signal.SIGHUP, stop)
    return came


def _report(name: str, what: str) -> None:
    note(f"{name:<10} {escape(what)}")


class _DownloadReport:
    """Says how far the downloads of a first start are; ends them when the supervisor stops."""

    EVERY_S = 2.0

    def __init__(self) -> None:
        self._total = 0
        self._done = 0
        self._said_at = self._began = time.monotonic()
        self._stopping = Event()

    def end_when(self, stopping: Event) -> None:
        """Give a download up once this is set."""
        self._stopping = stopping

    def expect(self, what: str, total_bytes: int) -> None:
        """Say that a download begins."""
        self._total += total_bytes
        _report(what, f"downloading {total_bytes / 1e6:,.0f} MB, needed once")

    def advance(self, count: int) -> None:
        """Say every few seconds how far it is."""
        if self._stopping.is_set():
            raise Interrupted
        self._done += count
        now = time.monotonic()
        if now - self._said_at < self.EVERY_S:
            return
        self._said_at = now
        rate = self._done / (now - self._began)
        left_s = max(0.0, self._total - self._done) / rate
        _report(
            "download",
            f"{self._done / 1e6:,.0f}/{self._total / 1e6:,.0f} MB  {rate / 1e6:.1f} MB/s  {left_s:.0f} s left",
        )
