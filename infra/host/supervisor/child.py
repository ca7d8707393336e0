"""One running child: started so that it can never be lost, stopped so that nothing of it is left.

A child waits at a gate until its pid and start time are written down; only then it becomes the program. Should the
supervisor be killed before that, the gate closes and the child ends by itself. So whoever comes later knows every
program that runs, by number and start time, and never has to look for names.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Self, cast

import psutil

from infra.host.supervisor.program import Program

_GATE: Final = 'read -r go && [ "$go" = go ] && exec "$@" </dev/null'
"""Waits for one line; without it (the supervisor died) the shell ends and the program never starts."""

POLL_S: Final = 0.02

_HALTED: Final = frozenset({psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP})


@dataclass(frozen=True, slots=True)
class Identity:
    """A process, told apart from a later one with the same number by its start time."""

    pid: int
    started_at: float
    """Seconds since 1970 as psutil gives them: equal for every look at the same process."""

    def is_alive(self) -> bool:
        """Return whether exactly this process runs; an ended one that nobody has waited for does not."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started_at) < 1.0
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def is_suspended(self) -> bool:
        """Return whether somebody halted this process: it is there and does nothing."""
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            return self.is_alive() and psutil.Process(self.pid).status() in _HALTED
        return False


class Child:
    """A program that runs in a session of its own: Ctrl-C at the terminal reaches the supervisor only."""

    def __init__(self, process: subprocess.Popen[bytes], identity: Identity, program: Program) -> None:
        self._process = process
        self._program = program
        self.identity = identity

    @classmethod
    def start(cls, program: Program, *, log: Path, record: Callable[[Identity], None]) -> Self:
        """Start a program; `record` has its identity before its first instruction runs."""
        with log.open("ab") as output:
            process = subprocess.Popen(
                ["/bin/sh", "-c", _GATE, "gate", *program.arguments],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=program.folder,
                env={**os.environ, **program.environment},
                start_new_session=True,
                user=program.user,
                group=program.user,
                extra_groups=None if program.user is None else (),
            )
        identity = Identity(process.pid, psutil.Process(process.pid).create_time())
        if program.niceness:
            psutil.Process(process.pid).nice(program.niceness)
        try:
            with cast("IO[bytes]", process.stdin) as gate:
                record(identity)
                gate.write(b"go\n")
                gate.flush()
        except BrokenPipeError:
            pass  # it was killed at the gate, which is seen like any other end
        except BaseException:
            process.wait()  # the gate is shut without the word, so the program never starts
            raise
        return cls(process, identity, program)

    def ended(self) -> str | None:
        """Return how it ended in words; None while it runs."""
        code = self._process.poll()
        if code is None:
            return None
        if code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def stop(self, *, hurry: Callable[[], bool] = lambda: False) -> None:
        """Ask it to stop; kill it and its descendants when the deadline passes or `hurry` says so."""
        if self._process.poll() is None:
            self._process.send_signal(self._program.stop_signal)
            deadline = time.monotonic() + self._program.stop_deadline_s
            while self._process.poll() is None and time.monotonic() < deadline and not hurry():
                time.sleep(POLL_S)
        end_family(self.identity)
        self._process.wait()

    def memory_bytes(self) -> int:
        """Return the memory of it and its descendants."""
        return family_memory(self.identity)


def end_family(leader: Identity) -> None:
    """Kill whatever is left of a family: the leader, its descendants, and everybody in its session.

    A session's number is its leader's pid and is not given away while one of its members lives; a member older than
    the leader shows that the number has been given away, and nothing is touched.
    """
    members = _family(leader)
    for member in members:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    psutil.wait_procs(members, timeout=10)


def end_left_behind(leader: Identity, *, deadline_s: float = 15.0, ask: signal.Signals = signal.SIGTERM) -> bool:
    """Stop a process that an earlier, killed supervisor left running; return whether there was one."""
    there = leader.is_alive()
    if there:
        process = psutil.Process(leader.pid)
        process.send_signal(ask)
        with contextlib.suppress(psutil.TimeoutExpired):
            process.wait(timeout=deadline_s)
    end_family(leader)
    return there


def family_memory(leader: Identity) -> int:
    """Return the resident bytes of a family, shared pages counted once where the system tells."""
    total = 0
    for member in _family(leader):
        try:
            total += member.memory_full_info().pss
        except (psutil.AccessDenied, AttributeError):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += member.memory_info().rss
        except psutil.NoSuchProcess:
            pass
    return total


def families_memory(leaders: Mapping[str, Identity]) -> dict[str, int]:
    """Return the memory of several families by name, those that are gone left out; shared pages are counted in each.

    One look at all processes for all of them, and none at their pages: cheap enough to be asked every few seconds.
    """
    taken: dict[str, int] = {}
    by_pid = {leader.pid: name for name, leader in leaders.items() if leader.is_alive()}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError):
            name = by_pid.get(process.pid) or by_pid.get(os.getsid(process.pid)) or by_pid.get(process.ppid())
            if name is not None:
                taken[name] = taken.get(name, 0) + process.memory_info().rss
    return taken


def _family(leader: Identity) -> list[psutil.Process]:
    """Return the leader's session and, while it lives, its descendants: some (PostgreSQL's) leave the session."""
    members = set()
    if leader.is_alive():
        with contextlib.suppress(psutil.NoSuchProcess):
            members |= {psutil.Process(leader.pid), *psutil.Process(leader.pid).children(recursive=True)}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            if os.getsid(process.pid) == leader.pid and process.create_time() >= leader.started_at - 1.0:
                members.add(process)
    return list(members)
