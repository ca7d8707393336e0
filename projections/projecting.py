"""Keeping a projector going: what it waits for, what stops it, and what it says meanwhile."""

from dataclasses import dataclass, replace
from threading import Event
from typing import Final

import structlog

from domain.positions import Position
from projections.ports import (
    BuildInUse,
    CheckpointMoved,
    LogIsNotTheOneProjected,
    LogUnavailable,
    StoreUnavailable,
    TopicGrew,
    Vocabulary,
)
from projections.projector import Projector, RecordRefused
from projections.status import ProjectorState, ProjectorStatus

FIRST_WAIT_S: Final = 0.2
LONGEST_WAIT_S: Final = 5.0
"""Pauses between tries double from the first to the longest."""

LOST_RACES: Final = 3
"""A checkpoint found moved so often in a row, with nothing written between, is a second writer and no lost answer."""


REST_LOOK_S: Final = 0.2
"""How often one that rests looks whether it is to go on."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a projector does not run."""

    state: ProjectorState
    cause: str
    position: Position | None = None


class Projecting:
    """Runs one projector until told to stop; `status` may be asked from any thread."""

    def __init__(self, projector: Projector, vocabulary: Vocabulary, stop: Event, paused: Event | None = None) -> None:
        self._projector = projector
        self._vocabulary = vocabulary
        self._stop = stop
        self._paused = paused or Event()
        self._trouble: Trouble | None = None
        self._log = structlog.get_logger().bind(projection=projector.folder.name, build=projector.build)

    @property
    def status(self) -> ProjectorStatus:
        """Return what the projector does, and why not if it does not."""
        status, trouble = self._projector.status, self._trouble
        if trouble is None:
            return status
        return replace(status, state=trouble.state, cause=trouble.cause, position=trouble.position)

    def run(self) -> None:
        """Project until told to stop.

        What is not there (store, log, another projector's hold) is waited for. A record that can't be stored, a
        log that is not the one projected, a second writer or a defect stop it; it stays, to say so, and goes on
        when a person has said to skip the record.
        """
        wait_s, lost_races = FIRST_WAIT_S, 0
        while not self._stop.is_set():
            applied_before = self._projector.status.applied
            try:
                self._projector.open()
                self._run_until_trouble()
            except BuildInUse as held:
                self._say(Trouble(ProjectorState.STANDBY, str(held)))
            except (StoreUnavailable, LogUnavailable) as missing:
                self._say(Trouble(ProjectorState.WAITING, str(missing)))
            except CheckpointMoved as moved:
                lost_races = 1 if self._projector.status.applied > applied_before else lost_races + 1
                if lost_races >= LOST_RACES:
                    self._stay_stopped(Trouble(ProjectorState.STOPPED, str(moved)))
            except RecordRefused as refused:
                self._stay_stopped(Trouble(ProjectorState.STOPPED, str(refused), refused.position))
            except (LogIsNotTheOneProjected, TopicGrew) as other_log:
                self._stay_stopped(Trouble(ProjectorState.STOPPED, str(other_log)))
            except Exception as defect:  # noqa: BLE001 - one projection's defect must not end the others
                self._log.exception("projection_failed")
                self._stay_stopped(Trouble(ProjectorState.STOPPED, f"{type(defect).__name__}: {defect}"))
            wait_s = FIRST_WAIT_S if self._projector.status.applied > applied_before else wait_s
            self._stop.wait(wait_s)
            wait_s = min(LONGEST_WAIT_S, wait_s * 2)
        self._projector.close()

    def _run_until_trouble(self) -> None:
        if self._trouble is not None:
            self._log.info("projection_resumed")
        self._trouble = None
        while not self._stop.is_set():
            if self._paused.is_set():
                self._rest()
            self._projector.step()
        self._projector.settle()

    def _rest(self) -> None:
        """Return when told to go on or to end; the build stays held meanwhile."""
        self._projector.settle()
        self._say(Trouble(ProjectorState.PAUSED, f"paused: telltale projections resume {self._projector.folder.name}"))
        while self._paused.is_set() and not self._stop.wait(REST_LOOK_S):
            pass
        self._trouble = None

    def _stay_stopped(self, trouble: Trouble) -> None:
        """Return when told to end, or when the record that stopped the projection is to be passed over."""
        self._say(trouble)
        while not self._stop.wait(LONGEST_WAIT_S):
            try:
                self._vocabulary.refresh()
            except LogUnavailable:
                continue
            if trouble.position in self._vocabulary.skipped:
                return

    def _say(self, trouble: Trouble) -> None:
        if trouble != self._trouble:
            position = None if trouble.position is None else str(trouble.position)
            self._log.warning("projection_halted", state=trouble.state, cause=trouble.cause, position=position)
        self._trouble = trouble
