"""The supervisor: starts parts side by side, restarts what dies, and leaves nothing behind when it stops."""

import contextlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Final

import psutil

from infra.host.supervisor.child import Child, Identity, family_memory
from infra.host.supervisor.log_files import last_lines, rotate
from infra.host.supervisor.part import Part
from infra.host.supervisor.program import Interrupted, NotReady, Program, ProgramFailed
from infra.host.supervisor.state import PartKind, PartState, PartStatus, Phase, StatusFile

PROBE_EVERY_S: Final = 0.1
ROTATE_EVERY_S: Final = 5.0
FIRST_BACKOFF_S: Final = 0.1
"""So short that a killed scorer is back in its slot before anybody notices."""
LONGEST_BACKOFF_S: Final = 20.0
STEADY_S: Final = 30.0
"""A part that ran this long has recovered: its next end is a first one again."""

Report = Callable[[str, str], None]
"""Tells people: part's name, what happened."""


class Supervisor:
    """Runs parts until told to stop. One thread per part; the caller's thread waits in `run`."""

    def __init__(
        self, parts: Sequence[Part], *, status_path: Path, logs: Callable[[str], Path], report: Report
    ) -> None:
        now = datetime.now(UTC)
        me = Identity(os.getpid(), psutil.Process().create_time())
        self._keepers = {
            part.name: _Keeper(part, supervisor=self, log=logs(part.name), report=report) for part in parts
        }
        self._own_log = logs("supervisor")
        self.stopping = Event()
        self.hurrying = Event()
        self.status = StatusFile(
            status_path,
            supervisor=me,
            parts=tuple(PartStatus(name=p.name, kind=p.kind, address=p.address, since=now) for p in parts),
        )

    def stop(self) -> None:
        """Begin to stop; a second call kills what has not stopped by itself. Safe in a signal handler."""
        if self.stopping.is_set():
            self.hurrying.set()
        self.stopping.set()

    def run(self, *, when_up: Callable[[], None]) -> bool:
        """Start everything, keep it running until `stop`, stop everything; return whether it ever was all up.

        A service that does not become ready the first time stops the whole; a process of our own does not, it is
        restarted until it stays.
        """
        self._go()
        was_up = False
        rotated_at = time.monotonic()
        while not self.stopping.wait(PROBE_EVERY_S):
            if any(keeper.gave_up.is_set() for keeper in self._keepers.values()):
                self.status.set_phase(Phase.FAILED)
                break
            if not was_up and all(keeper.was_ready.is_set() for keeper in self._keepers.values()):
                was_up = True
                when_up()
                self.status.set_phase(Phase.UP)
            if time.monotonic() - rotated_at > ROTATE_EVERY_S:
                rotated_at = time.monotonic()
                with contextlib.suppress(OSError):  # a full disk: the logs stay as they are, and nothing stops for it
                    rotate([self._own_log, *(keeper.log for keeper in self._keepers.values())])
                self.status.catch_up()
        failed = not self.stopping.is_set()
        self.stopping.set()
        if not failed:
            self.status.set_phase(Phase.STOPPING)
        for keeper in self._keepers.values():
            keeper.ended.wait()
        if not failed:
            self.status.set_phase(Phase.STOPPED)
        return was_up

    def memory_bytes(self) -> dict[str, int]:
        """Return the memory of every running part."""
        found = {part.name: part.process for part in self.status.all().parts}
        return {name: family_memory(process) for name, process in found.items() if process is not None}

    def is_ready(self, name: str) -> bool:
        """Return whether a part is ready now; a part that this stack does not have stands in nobody's way."""
        return name not in self._keepers or self.status.part(name).state is PartState.READY

    def was_ready(self, name: str) -> bool:
        """Return whether a part has been ready since the supervisor began, or is none of this stack."""
        return name not in self._keepers or self._keepers[name].was_ready.is_set()

    def keepers_needing(self, name: str) -> "list[_Keeper]":
        """Return the keepers of the parts that need this one."""
        return [keeper for keeper in self._keepers.values() if name in keeper.part.needs]

    def _go(self) -> None:
        for name, keeper in self._keepers.items():
            Thread(target=keeper.keep, name=f"keep-{name}", daemon=True).start()


class _Keeper:
    """Keeps one part running, in a thread of its own."""

    def __init__(self, part: Part, *, supervisor: Supervisor, log: Path, report: Report) -> None:
        self.part = part
        self.log = log
        self.was_ready = Event()
        self.gave_up = Event()
        self.ended = Event()
        self._supervisor = supervisor
        self._tell = report

    def _report(self, name: str, what: str) -> None:
        with contextlib.suppress(OSError):  # what can't be told, as on a full disk, is done all the same
            self._tell(name, what)

    def keep(self) -> None:
        """Run the part until the supervisor stops; then wait for those who need it and stop it."""
        try:
            self._keep_running()
        except Interrupted:
            pass
        except Exception as failure:  # noqa: BLE001 - whatever it is, people must hear of it and the stack must end
            self._fail(f"{type(failure).__name__}: {failure}")
        finally:
            try:
                if not self.gave_up.is_set():
                    self._note(PartState.STOPPED, process=None)
            finally:
                self.ended.set()

    def _wait_for_needs(self) -> None:
        """Wait until all it needs are ready now: without them another start would only fail.

        Before its first start also until those it comes after have been ready.
        """
        while not (
            all(self._supervisor.is_ready(name) for name in self.part.needs)
            and all(self._supervisor.was_ready(name) for name in self.part.after)
        ):
            self._check_stop()
            time.sleep(PROBE_EVERY_S / 2)

    def _keep_running(self) -> None:
        backoff_s = FIRST_BACKOFF_S
        while True:
            self._wait_for_needs()
            started_at = time.monotonic()
            cause = self._run_once()
            if time.monotonic() - started_at > STEADY_S:
                backoff_s = FIRST_BACKOFF_S
            if not self.was_ready.is_set() and self.part.kind is PartKind.SERVICE:
                self._fail(cause)
                return
            line = last_lines(self.log, count=1)[:300]
            restarts = self._supervisor.status.part(self.part.name).restarts + 1
            self._note(PartState.RESTARTING, process=None, cause=f"{cause}: {line}", restarts=restarts)
            self._report(self.part.name, f"{cause}; starting it again in {backoff_s:.1f} s")
            if self._supervisor.stopping.wait(backoff_s):
                raise Interrupted
            backoff_s = min(backoff_s * 2, LONGEST_BACKOFF_S)

    def _run_once(self) -> str:
        """Start the part, bring it to ready and wait for its end; return what ended it."""
        began = time.monotonic()
        self._note(PartState.PREPARING)
        try:
            self.part.prepare(self._run_to_end)
            child = Child.start(self.part.program(), log=self.log, record=self._record)
        except (ProgramFailed, NotReady, OSError) as failure:
            return str(failure)
        try:
            self._note(PartState.STARTING)
            cause = self._bring_to_ready(child, began)
            if cause is not None:
                return cause
            while not self._supervisor.stopping.wait(PROBE_EVERY_S):
                cause = child.ended()
                if cause is not None:
                    return cause
            for keeper in self._supervisor.keepers_needing(self.part.name):
                keeper.ended.wait()
            raise Interrupted
        finally:
            if self._supervisor.stopping.is_set():
                self._note(PartState.STOPPING)
            child.stop(hurry=self._supervisor.hurrying.is_set)

    def _bring_to_ready(self, child: Child, began: float) -> str | None:
        waits_for = "no answer yet"
        while time.monotonic() - began < self.part.ready_deadline_s:
            self._check_stop()
            cause = child.ended()
            if cause is not None:
                return cause
            try:
                self.part.probe()
                self.part.settle()
            except NotReady as failure:
                waits_for = str(failure)
                time.sleep(PROBE_EVERY_S)
                continue
            except Exception as failure:
                if not self.was_ready.is_set():
                    raise
                # It was well once, so something died between two questions; the deadline says when that is enough.
                waits_for = f"{type(failure).__name__}: {failure}"
                time.sleep(PROBE_EVERY_S)
                continue
            took_s = time.monotonic() - began
            self._note(PartState.READY, took_s=took_s)
            self._report(self.part.name, f"ready in {took_s:.1f} s  {self.part.address}")
            self.was_ready.set()
            return None
        return f"did not become ready within {self.part.ready_deadline_s:.0f} s ({waits_for})"

    def _run_to_end(self, program: Program) -> None:
        child = Child.start(program, log=self.log, record=self._record)
        try:
            while (ended := child.ended()) is None:
                self._check_stop()
                time.sleep(PROBE_EVERY_S / 5)
        finally:
            child.stop(hurry=lambda: True)
        if ended != "ended with exit code 0":
            raise ProgramFailed(program.arguments[0], ended=ended, last_lines=last_lines(self.log))

    def _record(self, identity: Identity) -> None:
        self._supervisor.status.record_process(self.part.name, identity)

    def _check_stop(self) -> None:
        if self._supervisor.stopping.is_set():
            raise Interrupted

    def _fail(self, cause: str) -> None:
        self._note(PartState.FAILED, process=None, cause=cause)
        self._report(self.part.name, f"{cause}\n{last_lines(self.log)}\n  log   {self.log}\n  next  {self.part.fix}")
        self.gave_up.set()

    def _note(self, state: PartState, **changes: object) -> None:
        self._supervisor.status.change(self.part.name, lambda part: replace(part, state=state, **changes))  # type: ignore[arg-type]
