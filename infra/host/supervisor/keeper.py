"""Keeps one part running, in a thread of its own: starts it when it may, starts it again when it ends, lets it rest."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Final, Protocol

from infra.host.supervisor.child import Child, Identity
from infra.host.supervisor.log_files import last_error, last_lines
from infra.host.supervisor.part import Part
from infra.host.supervisor.program import Interrupted, NotReady, Program, ProgramFailed
from infra.host.supervisor.state import PartKind, PartState, StatusFile
from infra.words import in_words

PROBE_EVERY_S: Final = 0.1
FIRST_BACKOFF_S: Final = 0.1
"""So short that a killed scorer is back in its slot before anybody notices."""
LONGEST_BACKOFF_S: Final = 20.0
STEADY_S: Final = 30.0
"""A part that ran this long has recovered: its next end is a first one again."""
_RESTARTS_KEPT: Final = 5

Report = Callable[[str, str], None]
"""Tells people: part's name, what happened."""


class Others(Protocol):
    """What a keeper asks its supervisor: how the others stand, and whether to go on."""

    stopping: Event
    hurrying: Event
    status: StatusFile

    def is_ready(self, name: str) -> bool:
        """Return whether a part is ready now; a part that this stack does not have stands in nobody's way."""

    def was_ready(self, name: str) -> bool:
        """Return whether a part has been ready since the supervisor began, or is none of this stack."""

    def rests(self, name: str) -> bool:
        """Return whether people have stopped a part."""

    def keepers_needing(self, name: str) -> "Sequence[Keeper]":
        """Return the keepers of the parts that need this one."""


class _Rests(Exception):
    """People have stopped the part."""


class Keeper:
    """Keeps one part running, in a thread of its own."""

    def __init__(self, part: Part, *, supervisor: Others, log: Path, report: Report) -> None:
        self.part = part
        self.log = log
        self.was_ready = Event()
        self.gave_up = Event()
        self.ended = Event()
        self._log_began = 0
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
        """Wait until nobody wants it to rest and all it needs are ready now: without them a start would only fail.

        Before its first start also until those it comes after have been ready.
        """
        name = self.part.name
        if self._supervisor.rests(name):
            told = f"stopped by `telltale stop {name}`; `telltale start {name}` starts it"
            self._note(PartState.STOPPED, process=None, cause=told, cause_at=datetime.now(UTC))
            while self._supervisor.rests(name):
                self._check_stop()
                time.sleep(PROBE_EVERY_S / 2)
            self._note(PartState.WAITING, cause=None, cause_at=None)
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
            try:
                cause = self._run_once()
            except _Rests:
                backoff_s = FIRST_BACKOFF_S
                continue
            if time.monotonic() - started_at > STEADY_S:
                backoff_s = FIRST_BACKOFF_S
            if not self.was_ready.is_set() and self.part.kind is PartKind.SERVICE:
                self._fail(cause)
                return
            self._note_restart(cause)
            self._report(self.part.name, f"{cause}; starting it again in {backoff_s:.1f} s")
            if self._supervisor.stopping.wait(backoff_s):
                raise Interrupted
            backoff_s = min(backoff_s * 2, LONGEST_BACKOFF_S)

    def _note_restart(self, cause: str) -> None:
        """Write down that it ended, with what it said was wrong since it began."""
        now = datetime.now(UTC)
        error = last_error(self.log, since=self._log_began)
        before = self._supervisor.status.part(self.part.name)
        self._note(
            PartState.RESTARTING,
            process=None,
            cause=f"{cause}: {error}" if error else cause,
            cause_at=now,
            restarts=before.restarts + 1,
            restarted_at=(*before.restarted_at[1 - _RESTARTS_KEPT :], now),
        )

    def _run_once(self) -> str:
        """Start the part, bring it to ready and wait for its end; return what ended it.

        Raises:
            _Rests: people have stopped it.
            Interrupted: the supervisor is stopping.
        """
        began = time.monotonic()
        self._log_began = self.log.stat().st_size if self.log.exists() else 0
        self._note(PartState.PREPARING)
        try:
            self.part.prepare(self._run_to_end)
            child = Child.start(self.part.program(), log=self.log, record=self._record)
        except (ProgramFailed, NotReady, OSError) as failure:
            return in_words(str(failure))
        try:
            self._note(PartState.STARTING)
            cause = self._bring_to_ready(child, began)
            if cause is not None:
                return cause
            ready_at = time.monotonic()
            while not self._supervisor.stopping.wait(PROBE_EVERY_S):
                cause = child.ended()
                if cause is not None:
                    return cause
                if self._supervisor.rests(self.part.name):
                    raise _Rests
                self._forget_cause(ready_since=ready_at)
            for keeper in self._supervisor.keepers_needing(self.part.name):
                keeper.ended.wait()
            raise Interrupted
        finally:
            if self._supervisor.stopping.is_set() or self._supervisor.rests(self.part.name):
                self._note(PartState.STOPPING)
            child.stop(hurry=self._supervisor.hurrying.is_set)

    def _bring_to_ready(self, child: Child, began: float) -> str | None:
        waits_for = "no answer yet"
        while time.monotonic() - began < self.part.ready_deadline_s:
            self._check_stop()
            if self._supervisor.rests(self.part.name):
                raise _Rests
            cause = child.ended()
            if cause is not None:
                return cause
            try:
                self.part.probe()
                self.part.settle()
            except NotReady as failure:
                waits_for = in_words(str(failure))
                time.sleep(PROBE_EVERY_S)
                continue
            except Exception as failure:
                if not self.was_ready.is_set():
                    raise
                # It was well once, so something died between two questions; the deadline says when that is enough.
                waits_for = f"{type(failure).__name__}: {in_words(str(failure))}"
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

    def _forget_cause(self, *, ready_since: float) -> None:
        """Take back what ended it before, once it has run steadily: `status` tells of now."""
        if time.monotonic() - ready_since > STEADY_S and self._supervisor.status.part(self.part.name).cause:
            self._note(PartState.READY, cause=None, cause_at=None)

    def _fail(self, cause: str) -> None:
        self._note(PartState.FAILED, process=None, cause=cause, cause_at=datetime.now(UTC))
        self._report(self.part.name, f"{cause}\n{last_lines(self.log)}\n  log   {self.log}\n  next  {self.part.fix}")
        self.gave_up.set()

    def _note(self, state: PartState, **changes: object) -> None:
        self._supervisor.status.change(self.part.name, lambda part: replace(part, state=state, **changes))  # type: ignore[arg-type]
