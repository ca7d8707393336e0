"""Calls: incidents that are due are told to a receiver, and what was decided of each goes into the log."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from commands.event_log import EventLog
from commands.stamps import CommandStamp
from domain.alerts import (
    RULE,
    SUMMARY,
    AlertEvent,
    AlertRule,
    AlertSent,
    AlertSuppressed,
    Calls,
    Undecided,
    after_alert,
    after_incident,
    due,
    idempotency_key,
    suppression,
)
from domain.incident_events import IncidentEvent

CIRCUIT_OPENS_AFTER: Final = timedelta(minutes=5)
"""A receiver that failed for so long is told one summary when it answers again."""

FIRST_PAUSE: Final = timedelta(seconds=2)
LONGEST_PAUSE: Final = timedelta(minutes=1)

_log = structlog.get_logger()


class NotDelivered(Exception):
    """The receiver did not take the call; `retry_after`: when it asked to be called again, if it did."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Receiver(Protocol):
    """Somebody who is called: a webhook, a pager."""

    @property
    def name(self) -> str:
        """Return its name; no secret, since it goes into the log."""

    def call(self, incidents: Sequence[Undecided], *, idempotency_key: str) -> None:
        """Tell of these incidents.

        Raises:
            NotDelivered: it did not take the call; the same again is safe.
        """


@dataclass
class Caller:
    """Decides on every incident, one call at a time.

    A call is made first and written down after it, so a crash in between repeats it under the same key: at least once.
    """

    incidents: EventLog[IncidentEvent]
    alerts: EventLog[AlertEvent]
    receiver: Receiver
    rule: AlertRule
    clock: Callable[[], datetime]

    def __post_init__(self) -> None:
        self._calls = Calls()
        self._made: list[AlertSent] = []
        self._failing_since: datetime | None = None
        self._again_at: datetime | None = None
        self._pause = FIRST_PAUSE

    def open(self) -> None:
        """Become the one who calls.

        Raises:
            EventNotAppended: the log does not answer.
        """
        self.alerts.open()

    def step(self) -> int:
        """Take in what has come, decide on what is due, and return how many incidents were decided.

        1. Fold, and write down the calls that the log did not take before. 2. Suppress what calls nobody. 3. Call for
        the next one, unless the receiver asked for a pause; for all of them at once after it was away. 4. Append what
        was decided.
        A crash between 3 and 4 calls again under the same Idempotency-Key.

        Raises:
            EventNotAppended: the log does not answer.
            WriterFenced: another process calls people now; this one must end.
        """
        self._fold()  # Step 1
        now, decided = self.clock(), self._write_down()
        waiting: list[Undecided] = []
        for held in due(self._calls, self.rule):
            reason = suppression(held, self._calls, self.rule, now=now)
            if reason is None:
                waiting.append(held)
                continue
            self._append(_suppressed(held, reason))  # Steps 2 and 4
            decided += 1
        if not waiting or (self._again_at is not None and now < self._again_at):
            return decided
        away = self._failing_since is not None and now - self._failing_since > CIRCUIT_OPENS_AFTER
        return decided + self._call(waiting if away and len(waiting) > 1 else waiting[:1], now)

    def _call(self, incidents: Sequence[Undecided], now: datetime) -> int:
        rule = RULE if len(incidents) == 1 else SUMMARY
        key = idempotency_key(incidents[0].opened.incident_id, rule)
        try:
            self.receiver.call(incidents, idempotency_key=key)  # Step 3
        except NotDelivered as failure:
            self._failing_since = self._failing_since or now
            self._again_at = now + (failure.retry_after or self._pause)
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
            _log.warning("call_failed", receiver=self.receiver.name, cause=str(failure), incidents=len(incidents))
            return 0
        self._failing_since, self._again_at, self._pause = None, None, FIRST_PAUSE
        self._made += [
            AlertSent(
                incident_id=held.opened.incident_id,
                machine_id=held.opened.machine_id,
                rule=rule,
                target=self.receiver.name,
                idempotency_key=key,
            )
            for held in incidents
        ]
        return self._write_down()  # Step 4

    def _write_down(self) -> int:
        """Append the calls that were made; one that the log does not take now is appended later, not made again."""
        written = 0
        while self._made:
            self._append(self._made[0])
            self._made.pop(0)
            written += 1
        return written

    def _append(self, event: AlertEvent) -> None:
        stamp = CommandStamp(command_id=f"{event.incident_id}/{event.rule}", body_sha256="", repeatable=False)
        self.alerts.append(event.machine_id, [event], stamp=stamp)
        self._calls = after_alert(self._calls, event, at=self.clock())

    def _fold(self) -> None:
        # Decisions first: an incident that was decided before this start is not due.
        for told in self.alerts.news():
            if isinstance(told.event, AlertEvent):
                self._calls = after_alert(self._calls, told.event, at=told.appended_at)
        for said in self.incidents.news():
            if isinstance(said.event, IncidentEvent):
                self._calls = after_incident(self._calls, said.event, at=said.appended_at)


def _suppressed(held: Undecided, reason: str) -> AlertSuppressed:
    return AlertSuppressed(
        incident_id=held.opened.incident_id, machine_id=held.opened.machine_id, rule=RULE, reason=reason
    )
