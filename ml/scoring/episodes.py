"""From verdicts to incidents: each machine's episode followed through one partition's judged readings.

Pure, like the judging: how the log is cut into batches changes no event. It knows nothing of people, and it looks at
no reading of a machine about which nothing is to be decided.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

import numpy as np

from domain.incident_events import EpisodeEvent, IncidentEnded, IncidentExtended, IncidentOpened, incident_id
from domain.incident_rule import (
    Ends,
    Episode,
    Extends,
    JudgedReading,
    MachineWatch,
    Opens,
    Quiet,
    is_idle,
    quiet_for,
    watch,
)
from domain.models import ModelRef
from domain.positions import Position
from domain.readings import microseconds, moment_of
from schemas.readings import Readings

if TYPE_CHECKING:
    from ml.scoring.judge import ProfileJudgement

_EXTENDED_AT_MOST_EVERY_US: Final = 60_000_000
"""Device time between two IncidentExtended of one incident; what is new meanwhile waits for the next reading after it.
A higher severity waits for nothing, since people are called for it; it rises twice at most."""

_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreported:
    """What an open incident has shown that no event says yet, and the reading that showed the last of it."""

    kinds: frozenset[str]
    channels: frozenset[str]
    severity: str | None
    sensor_id: str
    recorded_us: int
    position: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A machine about which something is to be decided.

    incident: the open one, None while none is. reported_us: device time of its last event.
    """

    watch: MachineWatch = field(default_factory=Quiet)
    quiet: timedelta
    incident: UUID | None = None
    reported_us: int = 0
    unreported: Unreported | None = None

    def is_changed_by_peace(self, sensor: str, at_us: int) -> bool:
        """Return whether a reading of `sensor` without an alarm changes anything: ends or tells something."""
        if sensor in self.standing:
            return True
        if self.unreported is not None and at_us - self.reported_us >= _EXTENDED_AT_MOST_EVERY_US:
            return True
        watch = self.watch
        return (
            isinstance(watch, Episode) and abs(at_us - microseconds(watch.sensor_alarm_at)) > self.quiet / _MICROSECOND
        )

    @property
    def standing(self) -> frozenset[str]:
        """Return the sensors with a kind in alarm at their last reading."""
        return frozenset(sensor for sensor, _ in self.watch.standing)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alarm:
    scores: Mapping[str, float]
    channels: tuple[str, ...]
    model: ModelRef


def follow_episodes(
    readings: Readings, judged: "Sequence[ProfileJudgement]", followed: Mapping[str, Followed], *, late: bool = False
) -> tuple[tuple[tuple[int, EpisodeEvent], ...], Mapping[str, Followed]]:
    """Return the events that a batch's judgements cause, each with the row that causes it, and the machines to follow.

    late: whether these are late readings, which have episodes of their own.
    """
    alarms = {row: alarm for profile in judged for row, alarm in _alarms(profile)}
    if not alarms and not followed:
        return (), followed
    after = dict(followed)
    events: list[tuple[int, EpisodeEvent]] = []
    for row, machine, sensor, at_us, quiet in _rows(readings, judged, alarms, followed):
        held, alarm = after.get(machine), alarms.get(row)
        if alarm is None and (held is None or not held.is_changed_by_peace(sensor, at_us)):
            continue
        position = Position(readings.topic, readings.partition, int(readings.offsets[row]))
        caused, held = _step(
            held or Followed(quiet=quiet), machine=machine, sensor=sensor, at_us=at_us, alarm=alarm, position=position
        )
        events += [(row, replace(one, late=late) if isinstance(one, IncidentOpened) else one) for one in caused]
        if held.incident is None and is_idle(held.watch):
            after.pop(machine, None)
        else:
            after[machine] = held
    return tuple(events), after


def _rows(
    readings: Readings,
    judged: "Sequence[ProfileJudgement]",
    alarms: Mapping[int, _Alarm],
    followed: Mapping[str, Followed],
) -> Iterator[tuple[int, str, str, int, timedelta]]:
    """Yield the judged rows of the machines that matter, in log order: row, machine, sensor, time in µs, quiet time."""
    column = readings.columns.column("machine_id").dictionary_encode()
    names, codes = column.dictionary.to_pylist(), column.indices.to_numpy()
    with_alarm = set(codes[list(alarms)].tolist()) if alarms else set()
    wanted = np.array([code in with_alarm or name in followed for code, name in enumerate(names)], np.bool_)
    rows, quiet = [], []
    for profile in judged:
        passed = profile.rows[~profile.verdicts.unjudged]
        mine = passed[wanted[codes[passed]]]
        rows.append(mine)
        quiet += [quiet_for(profile.block.profile.expected_interval_s)] * len(mine)
    if not rows:
        return
    together = np.concatenate(rows)
    order = np.argsort(together, kind="stable")
    chosen = together[order]
    sensors = readings.columns.column("sensor_id").take(chosen).to_pylist()
    times = readings.recorded_at_us[chosen].tolist()
    for place, row in enumerate(chosen.tolist()):
        yield row, names[codes[row]], sensors[place], times[place], quiet[order[place]]


def _alarms(profile: "ProfileJudgement") -> Iterator[tuple[int, _Alarm]]:
    detector = profile.loaded.detector
    ratios = profile.verdicts.ratios[profile.abnormal]
    voting = np.array(detector.votes)
    for place, row in enumerate(profile.rows[profile.abnormal].tolist()):
        kinds = np.flatnonzero(voting & (ratios[place] > 1))
        contribution = np.nan_to_num(profile.explanations.contribution[place], nan=0.0)
        highest = np.argsort(-contribution, kind="stable")
        told = [channel for channel in highest if contribution[channel] > 1] or highest[:1].tolist()
        yield (
            row,
            _Alarm(
                scores={detector.kinds[kind]: float(ratios[place, kind]) for kind in kinds},
                channels=tuple(detector.channels[channel] for channel in told if contribution[channel] > 0),
                model=profile.loaded.model,
            ),
        )


def _step(
    held: Followed, *, machine: str, sensor: str, at_us: int, alarm: _Alarm | None, position: Position
) -> tuple[list[EpisodeEvent], Followed]:
    """Return what one reading causes, and what is followed after it."""
    at = moment_of(at_us)
    scores = alarm.scores if alarm else {}
    channels = frozenset(alarm.channels) if alarm else frozenset()
    reading = JudgedReading(sensor_id=sensor, recorded_at=at, scores=scores, channels=channels)
    steps, after = watch(held.watch, reading, quiet=held.quiet)
    held = replace(held, watch=after)
    events: list[EpisodeEvent] = []
    for step in steps:
        match step:
            case Ends(at=ended_at) if held.incident is not None:
                events += _extended(held, machine)
                events.append(IncidentEnded(incident_id=held.incident, machine_id=machine, ended_at=ended_at))
                held = replace(held, incident=None, unreported=None)
            case Opens() if alarm is not None:
                opened = _opened(step, machine, alarm, position)
                events.append(opened)
                held = replace(held, incident=opened.incident_id, reported_us=at_us, unreported=None)
            case Extends():
                held = replace(held, unreported=_with(held.unreported, step, position, max(scores.values())))
    worse = held.unreported is not None and held.unreported.severity is not None
    if (worse or at_us - held.reported_us >= _EXTENDED_AT_MOST_EVERY_US) and (extended := _extended(held, machine)):
        events += extended
        held = replace(held, reported_us=at_us, unreported=None)
    return events, held


def _opened(step: Opens, machine: str, alarm: _Alarm, position: Position) -> IncidentOpened:
    return IncidentOpened(
        incident_id=incident_id(position),
        machine_id=machine,
        sensor_id=step.sensor_id,
        recorded_at=step.at,
        reading_position=str(position),
        kinds=tuple(sorted(step.kinds, key=lambda kind: (-alarm.scores[kind], kind))),
        channels=alarm.channels,
        severity=step.severity,
        score=max(alarm.scores[kind] for kind in step.kinds),
        model=alarm.model,
        late=False,
    )


def _extended(held: Followed, machine: str) -> list[EpisodeEvent]:
    new = held.unreported
    if held.incident is None or new is None:
        return []
    return [
        IncidentExtended(
            incident_id=held.incident,
            machine_id=machine,
            sensor_id=new.sensor_id,
            recorded_at=moment_of(new.recorded_us),
            reading_position=new.position,
            kinds=tuple(sorted(new.kinds)),
            channels=tuple(sorted(new.channels)),
            severity=new.severity,
            score=new.score,
        )
    ]


def _with(before: Unreported | None, step: Extends, position: Position, score: float) -> Unreported:
    earlier = before.severity if before is not None else None
    return Unreported(
        kinds=step.kinds | (before.kinds if before else frozenset()),
        channels=step.channels | (before.channels if before else frozenset()),
        severity=step.severity or earlier,  # the rule speaks of a severity only where it is higher than all before
        sensor_id=step.sensor_id,
        recorded_us=microseconds(step.at),
        position=str(position),
        score=score,
    )
