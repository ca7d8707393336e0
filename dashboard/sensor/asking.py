"""What page Sensor asks: which sensor, its readings, its verdicts, and the verdict that is explained."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dashboard.answers.machines import ReadingSeries, Sensor
from dashboard.answers.swimlane import ModelChange
from dashboard.answers.verdicts import Verdict
from dashboard.client import ApiRefused
from dashboard.connection import Connection
from dashboard.frame.choices import Choices
from dashboard.look.palette import rank
from dashboard.memory import FOR_EVER

POINTS: Final = 360
"""Entries of a line: about two pixels each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One sensor over the chosen range; verdicts newest first."""

    series: ReadingSeries
    verdicts: tuple[Verdict, ...]
    changes: tuple[ModelChange, ...]


AS_OFTEN: Final = 0.5
"""A sensor with this part of the most verdicts has about as many: which has one more is chance, and changes."""


def newest_worst(verdicts: tuple[Verdict, ...]) -> Verdict | None:
    """Return the newest verdict of the worst severity, from the sensor that it is most about.

    That is, of the sensors that have about as many of that severity as any, the one with the largest score: a fault of
    a machine shows at all its sensors, and what the page names must not change with every reading.
    """
    worst_rank = max((rank(verdict.severity) for verdict in verdicts), default=0)
    by_sensor: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        if rank(verdict.severity) == worst_rank:
            by_sensor[verdict.machine_id, verdict.sensor_id].append(verdict)
    if not by_sensor:
        return None
    most = max(map(len, by_sensor.values()))
    often = [found for found in by_sensor.values() if len(found) >= AS_OFTEN * most]
    return max(
        max(often, key=lambda found: max(verdict.score for verdict in found)), key=lambda verdict: verdict.recorded_at
    )


def ask_verdicts(connection: Connection, choices: Choices, sensor: Sensor | None) -> tuple[Verdict, ...]:
    """Return verdicts in the range, of one sensor or of the chosen machine. Raises ApiError."""
    span = choices.range_now()
    return connection.memory.ask(
        choices.question("verdicts", sensor.machine_id if sensor else "", sensor.sensor_id if sensor else ""),
        lambda: connection.api.verdicts(
            machine_id=sensor.machine_id if sensor else choices.machine,
            sensor_id=sensor.sensor_id if sensor else None,
            starts_at=span.starts_at,
            ends_at=span.ends_at,
            as_of=choices.as_of,
        ),
        fresh_for_s=0.8,
    ).value


def machine_to_show(connection: Connection, choices: Choices) -> str | None:
    """Return the chosen machine, else that of the newest worst verdict, else the first. Raises ApiError."""
    if choices.machine:
        return choices.machine
    worst = newest_worst(ask_verdicts(connection, choices, None))
    if worst:
        return worst.machine_id
    machines = connection.memory.ask(
        f"machines|{choices.as_of}", lambda: connection.api.machines(choices.as_of), fresh_for_s=5
    ).value
    return machines[0].machine_id if machines else None


def ask_sensors(connection: Connection, machine_id: str, choices: Choices) -> tuple[Sensor, ...]:
    """Return the machine's sensors by name. Raises ApiError."""
    answered = connection.memory.ask(
        f"sensors|{machine_id}|{choices.as_of}",
        lambda: connection.api.sensors(machine_id, choices.as_of),
        fresh_for_s=5,
    )
    return tuple(sorted(answered.value, key=lambda sensor: sensor.sensor_id))


def ask_sensor(connection: Connection, choices: Choices, sensor: Sensor) -> Seen:
    """Return what is to be seen of the sensor. Raises ApiError."""
    span = choices.range_now()
    series = connection.memory.ask(
        choices.question("series", sensor.machine_id, sensor.sensor_id),
        lambda: connection.api.readings(
            machine_id=sensor.machine_id,
            sensor_id=sensor.sensor_id,
            starts_at=span.starts_at,
            ends_at=span.ends_at,
            points=POINTS,
            as_of=choices.as_of,
        ),
        fresh_for_s=0.8,
    ).value
    lanes = connection.memory.ask(
        choices.question("changes", sensor.machine_id),
        lambda: connection.api.swimlane(
            machine_id=sensor.machine_id,
            starts_at=span.starts_at,
            ends_at=span.ends_at,
            bucket_s=choices.bucket_s,
            as_of=choices.as_of,
        ),
        fresh_for_s=10,
    ).value
    profile_line = sensor.profile.partition("@")[0]
    changes = tuple(change for change in lanes.model_changes if change.model.startswith(f"{profile_line}/"))
    return Seen(series=series, verdicts=ask_verdicts(connection, choices, sensor), changes=changes)


def verdict_to_explain(connection: Connection, choices: Choices, seen: Seen, named: str | None) -> Verdict | None:
    """Return the verdict that the address names if it is this sensor's, else the newest worst in the range."""
    if named:
        known = next((verdict for verdict in seen.verdicts if verdict.event_id == named), None)
        known = known or _ask_verdict(connection, named, choices.as_of)
        if known and (known.machine_id, known.sensor_id) == (seen.series.machine_id, seen.series.sensor_id):
            return known
    return newest_worst(seen.verdicts)


def _ask_verdict(connection: Connection, event_id: str, as_of: datetime | None) -> Verdict | None:
    """Return the verdict; None when it is not known, or was not by then."""
    try:
        return connection.memory.ask(
            f"verdict|{event_id}|{as_of}", lambda: connection.api.verdict(event_id, as_of), fresh_for_s=FOR_EVER
        ).value
    except ApiRefused:
        return None
