"""The swimlane as the API answers it."""

from datetime import datetime, timedelta

from domain.anomalies import severity_of
from query_api.bodies.swimlane import Lane, ModelChange, Swimlane
from tests.integration.dashboard import plant
from tests.integration.dashboard.answers import NEW_MODEL_MINUTES
from tests.integration.dashboard.plant import HISTORY, Finding


def swimlane(
    machine: str | None,
    starts_at: datetime,
    ends_at: datetime,
    *,
    bucket_s: int,
    origin: datetime,
    last: datetime,
    quiet: bool,
    empty: bool,
) -> Swimlane:
    start_s = starts_at.timestamp() // bucket_s * bucket_s
    begun = starts_at - timedelta(seconds=starts_at.timestamp() - start_s)
    cells = int(-(-(ends_at.timestamp() - start_s) // bucket_s))
    buckets = [begun + timedelta(seconds=bucket_s * place) for place in range(cells)]
    found = [] if quiet or empty else list(plant.findings(origin, last))
    names = (
        [(one, None) for one in plant.all_machines()]
        if machine is None
        else [(machine, one) for one in plant.sensors_of(machine)]
    )
    lanes = [] if empty else [_lane(name, buckets, found, origin=origin, last=last) for name in names]
    lanes = [lane for lane in lanes if sum(lane.readings)]
    changed_at = origin - timedelta(minutes=NEW_MODEL_MINUTES)
    shown = not empty and begun <= changed_at < min(ends_at, last)
    return Swimlane(
        by="machine" if machine is None else "sensor",
        starts_at=begun,
        ends_at=begun + timedelta(seconds=bucket_s * cells),
        bucket_s=bucket_s,
        buckets=buckets,
        lanes=sorted(lanes, key=lambda lane: (-(lane.worst_score or 0), lane.machine_id, lane.sensor_id or "")),
        lanes_in_all=len(lanes),
        model_changes=[ModelChange(at=changed_at, profile="pump@1", model="pump/2", previous="pump/1")]
        if shown
        else [],
        data_starts_at=None if empty else origin - HISTORY,
        data_ends_at=None if empty else last,
    )


def _lane(
    name: tuple[str, str | None], buckets: list[datetime], found: list[Finding], *, origin: datetime, last: datetime
) -> Lane:
    machine, sensor = name
    width = buckets[1] - buckets[0]
    bucket_s = round(width.total_seconds())
    mine = [one for one in found if one.fault.machine == machine and sensor in {None, one.fault.sensor}]
    scores = [[one.score for one in mine if start <= one.at < start + width] for start in buckets]
    sensors_ = 1 if sensor else len(plant.sensors_of(machine))
    heard = [
        origin - HISTORY < start + width and start < last and not plant.silent(machine, start, origin)
        for start in buckets
    ]
    worst = [max(some, default=None) for some in scores]
    return Lane(
        machine_id=machine,
        sensor_id=sensor,
        profile=f"{plant.profile_of(machine)}@1",
        worst_score=max((score for score in worst if score is not None), default=None),
        abnormal_since=min((one.at for one in mine if one.fault.ends == mine[-1].fault.ends), default=None),
        readings=[bucket_s * sensors_ if hears else 0 for hears in heard],
        not_judged=[0 for _ in heard],
        anomalies=[len(some) for some in scores],
        scores=worst,
        severities=[None if score is None else severity_of(score) for score in worst],
    )
