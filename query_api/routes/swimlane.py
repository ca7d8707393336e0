"""The swimlane: where and when something was abnormal, and where there are no data."""

import math
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Response

from domain.anomalies import severity_of
from query_api.asking import AskAsOf
from query_api.errors import ParameterRefused
from query_api.log_cut import BEGUN, LogCut
from query_api.models.swimlane import Lane, ModelChange, Swimlane
from query_api.parameters import From, MachineId, Span, To, span_of
from query_api.store import Snapshot, columns

router = APIRouter(tags=["machines"])

READ_MODELS: Final = ("sensors", "reading_buckets", "anomalies", "scoring", "readings")

CELLS: Final = 60
"""Cells of a lane unless `bucket` says otherwise: about 16 px each on a wide screen."""

MOST_CELLS: Final = 1500

EXTENT: Final = """
    SELECT min(first_recorded_at) AS data_starts_at, max(last_recorded_at) AS data_ends_at
    FROM sensors
    WHERE %(machine_id)s::text IS NULL OR machine_id = %(machine_id)s
"""

EXTENT_THEN: Final = f"""
    SELECT min(known.first_recorded_at) AS data_starts_at, max(known.last_recorded_at) AS data_ends_at
    FROM (
        SELECT machine_id, first_recorded_at, last_recorded_at
        FROM sensor_minutes
        WHERE known_minute < %(begun_minute)s
        UNION ALL
        SELECT series.machine_id, begun.recorded_at, begun.recorded_at
        FROM ({BEGUN}) AS begun
        JOIN series USING (series)
    ) AS known
    WHERE %(machine_id)s::text IS NULL OR known.machine_id = %(machine_id)s
"""  # noqa: S608 - constants

# A reading counts once although it stands in a row per channel: the largest count of any channel, per sensor and cell.
COUNTS: Final = f"""
    WITH known AS (
        SELECT machine_id, sensor_id, profile, channel, minute, readings
        FROM reading_buckets
        WHERE minute >= %(starts_at)s
            AND minute < %(ends_at)s
            AND known_minute < coalesce(%(begun_minute)s::timestamptz, 'infinity')
            AND (%(machine_id)s::text IS NULL OR machine_id = %(machine_id)s)
            AND (%(profile)s::text IS NULL OR profile = %(profile)s)
        UNION ALL
        SELECT series.machine_id, series.sensor_id, series.profile, slot.channel, begun.recorded_at, 1
        FROM ({BEGUN}) AS begun
        JOIN series USING (series)
        CROSS JOIN LATERAL unnest(begun."values") WITH ORDINALITY AS slot (value, channel)
        WHERE begun.recorded_at >= %(starts_at)s
            AND begun.recorded_at < %(ends_at)s
            AND slot.value <> 'NaN'
            AND (%(machine_id)s::text IS NULL OR series.machine_id = %(machine_id)s)
            AND (%(profile)s::text IS NULL OR series.profile = %(profile)s)
    ),
    measured AS (
        SELECT
            machine_id,
            sensor_id,
            date_bin(%(width)s, minute, %(starts_at)s) AS at,
            channel,
            max(profile) AS profile,
            sum(readings) AS readings
        FROM known
        GROUP BY machine_id, sensor_id, at, channel
    )
    SELECT machine_id, sensor_id, at, max(profile) AS profile, max(readings)::bigint AS readings
    FROM measured
    GROUP BY machine_id, sensor_id, at
"""  # noqa: S608 - constants

WORST: Final = """
    SELECT
        machine_id,
        sensor_id,
        date_bin(%(width)s, recorded_at, %(starts_at)s) AS at,
        max(profile) AS profile,
        count(*) AS anomalies,
        max(score) AS score
    FROM anomalies
    WHERE recorded_at >= %(starts_at)s
        AND recorded_at < %(ends_at)s
        AND known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        AND (%(machine_id)s::text IS NULL OR machine_id = %(machine_id)s)
        AND (%(profile)s::text IS NULL OR profile = %(profile)s)
    GROUP BY machine_id, sensor_id, at
"""

# A change has one record per partition. On the axis of recorded_at it stands at the first reading the model judged.
MODEL_CHANGES: Final = """
    WITH begun AS (
        SELECT
            changes.profile,
            changes.model_name,
            changes.model_version,
            max(changes.previous_version) AS previous_version,
            coalesce(min(readings.recorded_at), min(changes.known_at)) AS at
        FROM scoring_model_changes AS changes
        LEFT JOIN readings
            ON readings.partition = changes.source_partition
            AND readings."offset" = changes.from_offset
            AND readings.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        WHERE changes.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
            AND (%(profile)s::text IS NULL OR changes.profile = %(profile)s)
        GROUP BY changes.profile, changes.model_name, changes.model_version, changes.model_events_offset
    )
    SELECT
        at,
        profile,
        model_name || '/' || model_version AS model,
        model_name || '/' || previous_version AS previous
    FROM begun
    WHERE at >= %(starts_at)s
        AND at < %(ends_at)s
    ORDER BY at, model
"""

LaneKey = tuple[str, str | None]


@router.get("/swimlane", response_model=Swimlane, summary="Where and when")
async def swimlane(
    *,
    ask: AskAsOf,
    by: Literal["machine", "sensor"] = "machine",
    machine_id: MachineId = None,
    profile: Annotated[str | None, Query(max_length=200, description="Only this profile, such as pump@1.")] = None,
    starts_at: From = None,
    ends_at: To = None,
    bucket: Annotated[int | None, Query(ge=60, le=86_400 * 31, multiple_of=60, description="Seconds.")] = None,
    top: Annotated[int, Query(ge=1, le=500, description="Lanes, worst first.")] = 50,
) -> Response:
    """Return the worst verdict per lane and bucket, 0 readings where there are no data."""

    async def question(snapshot: Snapshot) -> Swimlane:
        cut = await LogCut.at(snapshot, ask.as_of)
        asked = cut.parameters | {"machine_id": machine_id, "profile": profile}
        extent = (await snapshot.fetch(EXTENT_THEN if cut.as_of else EXTENT, asked, columns))[0]
        span = span_of(starts_at, ends_at, newest=extent["data_ends_at"] or ask.then(), default=timedelta(hours=2))
        grid = whole_buckets(span, bucket)
        asked |= {"starts_at": grid[0], "ends_at": grid[-1], "width": grid[1] - grid[0]}
        counts = await snapshot.fetch(COUNTS, asked, columns)
        worst = await snapshot.fetch(WORST, asked, columns)
        lanes = lanes_of(counts, worst, buckets=grid[:-1], by_sensor=by == "sensor")
        return Swimlane(
            by=by,
            starts_at=grid[0],
            ends_at=grid[-1],
            bucket_s=_width_s(grid),
            buckets=grid[:-1],
            lanes=lanes[:top],
            lanes_in_all=len(lanes),
            model_changes=await snapshot.fetch(MODEL_CHANGES, asked, ModelChange),
            **extent,
        )

    return await ask.answer(READ_MODELS, question)


def whole_buckets(span: Span, bucket_s: int | None) -> list[datetime]:
    """Return the borders of buckets of whole minutes that cover the span, at least two.

    Raises:
        ParameterRefused: more than MOST_CELLS.
    """
    width_s = bucket_s or max(60, math.ceil(span.seconds / CELLS / 60) * 60)
    start_s = math.floor(span.starts_at.timestamp() / width_s) * width_s
    cells = math.ceil((span.ends_at.timestamp() - start_s) / width_s)
    if cells > MOST_CELLS:
        raise ParameterRefused(f"bucket: {cells} cells of {width_s} s; at most {MOST_CELLS}, so take a longer bucket")
    first = span.starts_at - timedelta(seconds=span.starts_at.timestamp() - start_s)
    return [first + timedelta(seconds=width_s * cell) for cell in range(cells + 1)]


def lanes_of(
    counts: list[dict[str, Any]], worst: list[dict[str, Any]], *, buckets: list[datetime], by_sensor: bool
) -> list[Lane]:
    """Return a lane for each machine or sensor that has data or verdicts, worst score first, then by name."""
    places = {bucket: place for place, bucket in enumerate(buckets)}
    lanes: dict[LaneKey, Lane] = {}
    peaks: dict[LaneKey, float] = {}
    profiles: dict[LaneKey, str] = {}
    for row in [*counts, *worst]:
        key = (row["machine_id"], row["sensor_id"] if by_sensor else None)
        if key not in lanes:
            lanes[key] = _empty_lane(key, row["profile"], len(buckets))
        profiles[key] = max(row["profile"], profiles.get(key, ""))
        lane, place = lanes[key], places[row["at"]]
        if "score" not in row:
            lane.readings[place] += row["readings"]
            continue
        peak = max(row["score"], lane.scores[place] or 0.0)
        lane.anomalies[place] += row["anomalies"]
        lane.scores[place] = peak
        lane.severities[place] = severity_of(peak)
        peaks[key] = max(peak, peaks.get(key, 0.0))
    named = [
        lane.model_copy(update={"worst_score": peaks.get(key), "profile": profiles[key]}) for key, lane in lanes.items()
    ]
    return sorted(named, key=lambda lane: (-(lane.worst_score or 0.0), lane.machine_id, lane.sensor_id or ""))


def _empty_lane(key: LaneKey, profile: str, cells: int) -> Lane:
    return Lane(
        machine_id=key[0],
        sensor_id=key[1],
        profile=profile,
        worst_score=None,
        readings=[0] * cells,
        anomalies=[0] * cells,
        scores=[None] * cells,
        severities=[None] * cells,
    )


def _width_s(grid: list[datetime]) -> int:
    return round((grid[1] - grid[0]).total_seconds())
