"""When verdicts become an incident: one episode per machine, over all its sensors.

A level or a scatter is believed after it has stood for some readings; a spike, a drift and a stuck channel have waited
inside their own detectors. Thresholds do the work: confirming 1 to 20 readings and gaps of 5 to 60 minutes gave equal
counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from domain.anomalies import SEVERITY_RANK, Severity, severity_of

CONFIRMED_AFTER: Final[Mapping[str, int]] = MappingProxyType({"shift": 10, "noise": 10, "outside": 3})
"""Readings in a row, of one sensor, that a kind must be in alarm before it counts; 1 for those not named."""

QUIET: Final = timedelta(seconds=900)
"""An episode ends after so long without an alarm, and what comes within it belongs to it."""
_QUIET_READINGS: Final = 10
"""Or after so many expected readings, where that is longer: an hourly meter is not silent after fifteen minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedReading:
    """One reading of a machine with the kinds in alarm after it.

    scores: ratio to the threshold by kind in alarm; empty: all is well. channels: those that made the ratios.
    A reading that was not judged is not passed: it neither confirms nor ends anything.
    """

    sensor_id: str
    recorded_at: datetime
    scores: Mapping[str, float] = field(default_factory=dict)
    channels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """No episode. standing: readings in a row by (sensor, kind) in alarm."""

    standing: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """An open episode: what it has shown so far, and when it was last in alarm.

    sensor_id: the sensor of the newest alarm in the log's order, alarm_at: its time. The clocks of a machine's sensors
    may differ, so only this one's own readings say that it is quiet now. None: any sensor's do.
    """

    began_at: datetime
    last_alarm_at: datetime
    kinds: frozenset[str]
    channels: frozenset[str]
    severity: Severity
    standing: Mapping[tuple[str, str], int]
    sensor_id: str | None = None
    alarm_at: datetime | None = None

    @property
    def sensor_alarm_at(self) -> datetime:
        """Return when the sensor of the newest alarm was in alarm, by its own clock."""
        return self.last_alarm_at if self.alarm_at is None else self.alarm_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Opens:
    """An episode begins with this reading."""

    at: datetime
    sensor_id: str
    kinds: frozenset[str]
    channels: frozenset[str]
    severity: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Extends:
    """The episode shows something new: a kind, a channel, a higher severity. Each holds only what is new."""

    at: datetime
    sensor_id: str
    kinds: frozenset[str]
    channels: frozenset[str]
    severity: Severity | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """The episode is over since its last alarm."""

    at: datetime


MachineWatch = Quiet | Episode
Step = Opens | Extends | Ends


def quiet_for(interval_s: float) -> timedelta:
    """Return how long a machine that is read every `interval_s` seconds must be without an alarm to be quiet."""
    return max(QUIET, timedelta(seconds=_QUIET_READINGS * interval_s))


def watch(
    state: MachineWatch, reading: JudgedReading, *, quiet: timedelta = QUIET
) -> tuple[tuple[Step, ...], MachineWatch]:
    """Return what `reading` does to its machine's episode, and the watch after it; `quiet` as `quiet_for` says.

    Readings of several sensors may come in any order of time; an episode's last alarm is its latest.
    """
    standing = _standing(state.standing, reading)
    confirmed = frozenset(
        kind for kind in reading.scores if standing[reading.sensor_id, kind] >= CONFIRMED_AFTER.get(kind, 1)
    )
    ended, state = end_if_quiet(state, reading.recorded_at, sensor_id=reading.sensor_id, quiet=quiet)
    if not confirmed:
        return ended, replace(state, standing=standing)
    severity = severity_of(max(reading.scores[kind] for kind in confirmed))
    if isinstance(state, Quiet):
        opened = Opens(
            at=reading.recorded_at,
            sensor_id=reading.sensor_id,
            kinds=confirmed,
            channels=reading.channels,
            severity=severity,
        )
        return (*ended, opened), Episode(
            began_at=reading.recorded_at,
            last_alarm_at=reading.recorded_at,
            kinds=confirmed,
            channels=reading.channels,
            severity=severity,
            standing=standing,
            sensor_id=reading.sensor_id,
            alarm_at=reading.recorded_at,
        )
    return _extend(replace(state, standing=standing), reading, kinds=confirmed, severity=severity)


def end_if_quiet(
    state: MachineWatch, now: datetime, *, sensor_id: str, quiet: timedelta = QUIET
) -> tuple[tuple[Step, ...], MachineWatch]:
    """End the episode when its last alarm is longer ago than `quiet` by the clock of the sensor in alarm.

    Late readings may go back as far at once: what is shown then is another time, and another episode.
    """
    if not isinstance(state, Episode) or state.sensor_id not in {None, sensor_id}:
        return (), state
    since = now - state.sensor_alarm_at
    if (since if state.sensor_id is None else abs(since)) > quiet:
        return (Ends(at=state.last_alarm_at),), Quiet(standing=state.standing)
    return (), state


def is_idle(state: MachineWatch) -> bool:
    """Return whether a reading without an alarm would change nothing, so that it need not be passed."""
    return isinstance(state, Quiet) and not state.standing


def _standing(before: Mapping[tuple[str, str], int], reading: JudgedReading) -> dict[tuple[str, str], int]:
    others = {place: count for place, count in before.items() if place[0] != reading.sensor_id}
    own = {(reading.sensor_id, kind): before.get((reading.sensor_id, kind), 0) + 1 for kind in reading.scores}
    return {**others, **own}


def _extend(
    episode: Episode, reading: JudgedReading, *, kinds: frozenset[str], severity: Severity
) -> tuple[tuple[Step, ...], Episode]:
    worse = SEVERITY_RANK[severity] > SEVERITY_RANK[episode.severity]
    extended = Extends(
        at=reading.recorded_at,
        sensor_id=reading.sensor_id,
        kinds=kinds - episode.kinds,
        channels=reading.channels - episode.channels,
        severity=severity if worse else None,
    )
    after = replace(
        episode,
        last_alarm_at=max(episode.last_alarm_at, reading.recorded_at),
        sensor_id=reading.sensor_id,
        alarm_at=reading.recorded_at,
        kinds=episode.kinds | kinds,
        channels=episode.channels | reading.channels,
        severity=severity if worse else episode.severity,
    )
    return (extended,) if extended.kinds or extended.channels or worse else (), after
