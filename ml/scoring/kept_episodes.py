"""Episodes in a scorer's snapshot: plain values and back, equal states to equal bytes."""

from datetime import timedelta
from typing import NotRequired, TypedDict
from uuid import UUID

from domain.anomalies import Severity
from domain.incident_rule import Episode, MachineWatch, Quiet
from domain.readings import microseconds, moment_of
from ml.scoring.episodes import Followed, Unreported


class KeptEpisode(TypedDict):
    """An open episode."""

    began_us: int
    last_alarm_us: int
    kinds: list[str]
    channels: list[str]
    severity: str
    sensor_id: NotRequired[str | None]
    alarm_us: NotRequired[int | None]


class KeptUnreported(TypedDict):
    """What an incident has shown that no event says yet."""

    kinds: list[str]
    channels: list[str]
    severity: str | None
    sensor_id: str
    recorded_us: int
    position: str
    score: float


class Kept(TypedDict):
    """One machine that is followed; standing: sensor, kind and readings in a row."""

    quiet_us: int
    standing: list[tuple[str, str, int]]
    episode: KeptEpisode | None
    incident: str | None
    reported_us: int
    unreported: KeptUnreported | None


def as_json(followed: Followed) -> Kept:
    """Return a machine's plain values; `from_json` is the inverse."""
    watch, new = followed.watch, followed.unreported
    return Kept(
        quiet_us=followed.quiet // timedelta(microseconds=1),
        standing=sorted((sensor, kind, count) for (sensor, kind), count in watch.standing.items()),
        episode=_episode(watch) if isinstance(watch, Episode) else None,
        incident=None if followed.incident is None else str(followed.incident),
        reported_us=followed.reported_us,
        unreported=None if new is None else _unreported(new),
    )


def from_json(kept: Kept) -> Followed:
    """Return the machine whose `as_json` this is."""
    new = kept["unreported"]
    return Followed(
        watch=_watch(kept),
        quiet=timedelta(microseconds=kept["quiet_us"]),
        incident=None if kept["incident"] is None else UUID(kept["incident"]),
        reported_us=kept["reported_us"],
        unreported=None
        if new is None
        else Unreported(
            kinds=frozenset(new["kinds"]),
            channels=frozenset(new["channels"]),
            severity=new["severity"],
            sensor_id=new["sensor_id"],
            recorded_us=new["recorded_us"],
            position=new["position"],
            score=new["score"],
        ),
    )


def _episode(watch: Episode) -> KeptEpisode:
    return KeptEpisode(
        began_us=microseconds(watch.began_at),
        last_alarm_us=microseconds(watch.last_alarm_at),
        kinds=sorted(watch.kinds),
        channels=sorted(watch.channels),
        severity=watch.severity,
        sensor_id=watch.sensor_id,
        alarm_us=None if watch.alarm_at is None else microseconds(watch.alarm_at),
    )


def _unreported(new: Unreported) -> KeptUnreported:
    return KeptUnreported(
        kinds=sorted(new.kinds),
        channels=sorted(new.channels),
        severity=new.severity,
        sensor_id=new.sensor_id,
        recorded_us=new.recorded_us,
        position=new.position,
        score=new.score,
    )


def _watch(kept: Kept) -> MachineWatch:
    standing = {(sensor, kind): count for sensor, kind, count in kept["standing"]}
    episode = kept["episode"]
    if episode is None:
        return Quiet(standing=standing)
    alarm_us = episode.get("alarm_us")
    return Episode(
        began_at=moment_of(episode["began_us"]),
        last_alarm_at=moment_of(episode["last_alarm_us"]),
        kinds=frozenset(episode["kinds"]),
        channels=frozenset(episode["channels"]),
        severity=Severity(episode["severity"]),
        standing=standing,
        sensor_id=episode.get("sensor_id"),
        alarm_at=None if alarm_us is None else moment_of(alarm_us),
    )
