"""The process `mirror`: keeps MLflow equal to the log, and keeps nobody waiting."""

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Final, Protocol

import structlog

from domain.logged_models import LoggedLine, LoggedModelEvent, fold
from infra.mlflow.reconcile import ModelShowcase, ShowcaseNotReachable, ShowcaseRefused, reconcile
from infra.mlflow.run_content import RunContents
from ml.training.ports import ModelNotStored

FULL_CHECK_EVERY_S: Final = 60.0
"""How long a change made by hand in MLflow can stand."""

NEWS_WAIT_S: Final = 0.5
RETRY_FIRST_S: Final = 1.0
RETRY_LONGEST_S: Final = 30.0

log = structlog.get_logger()


class ModelEvents(Protocol):
    """model-events and model-artifacts, read only."""

    def news(self, timeout_s: float) -> Iterable[LoggedModelEvent]:
        """Return what has been appended since the last call, in order; waits up to `timeout_s` for the first."""

    def content(self, artifact_sha256: str) -> bytes:
        """Return a model's bytes."""


class Mirror:
    """Follows the log and makes MLflow show it; its only memory is the fold, so it may start anew at any time."""

    def __init__(self, events: ModelEvents, showcase: ModelShowcase) -> None:
        self._events: Final = events
        self._showcase: Final = showcase
        self._contents: Final = RunContents(events.content)
        self._lines: dict[str, LoggedLine] = {}
        self._due: set[str] = set()
        self._full_check_at = 0.0
        self._retry_at = 0.0
        self._retry_s = RETRY_FIRST_S

    def run(self, running: Callable[[], bool]) -> None:
        """Follow until `running` says no."""
        while running():
            self.step()

    def step(self, *, wait_s: float = NEWS_WAIT_S) -> None:
        """Take in news, and reconcile the lines that changed; every line once every FULL_CHECK_EVERY_S."""
        self._lines, changed = fold(self._lines, self._events.news(wait_s))
        self._due |= changed
        now = monotonic()
        if now >= self._full_check_at:
            self._due |= set(self._lines)
            self._full_check_at = now + FULL_CHECK_EVERY_S
        if now >= self._retry_at:
            self._reconcile_due()

    def _reconcile_due(self) -> None:
        for name in sorted(self._due):
            try:
                for difference in reconcile(self._lines[name], self._showcase, self._contents):
                    log.info("mlflow_made_equal", line=name, was=difference)
            except ShowcaseNotReachable as error:
                self._retry_at = monotonic() + self._retry_s
                log.warning("mlflow_not_reachable", line=name, reason=str(error), retry_in_s=self._retry_s)
                self._retry_s = min(2 * self._retry_s, RETRY_LONGEST_S)
                return
            except (ShowcaseRefused, ModelNotStored) as error:
                # The other lines go on; this one is tried again with the next full check.
                log.warning("line_not_mirrored", line=name, reason=str(error))
            self._due.discard(name)
        self._retry_s = RETRY_FIRST_S
