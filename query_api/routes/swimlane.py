"""The swimlane: where and when something was abnormal, and where there are no data."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Response

from domain.anomalies import severity_of
from query_api.asking import AskAsOf
from query_api.bodies.swimlane import Lane, ModelChange, Swimlane
from query_api.errors import ParameterRefused
from query_api.lane_cells import LANES, MOST_VERDICTS, SINCE, WIDTHS_S, WORST
from query_api.lane_counts import COUNTS, NOT_JUDGED
from query_api.log_cut import LogCut
from query_api.parameters import From, MachineId, Span, To, span_of
from query_api.seen_sensors import extent
from query_api.store import Snapshot, columns

router = APIRouter(tags=["machines"])

READ_MODELS: Final = ("sensors", "reading_buckets", "anomalies", "scoring", "readings")

CELLS: Final = 60
"""Cells of a lane unless `bucket` says otherwise: about 16 px each on a wide screen."""

MOST_CELLS: Final = 1500

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
        asked = cut.parameters | {"machine_id": machine_id, "profile": profile, "by_sensor": by == "sensor", "top": top}
        there = (await snapshot.fetch(extent(cut), asked, columns))[0]
        span = span_of(starts_at, ends_at, newest=there["data_ends_at"] or ask.then(), default=timedelta(hours=2))
        grid = whole_buckets(span, bucket)
        asked |= _on_grid(cut, grid)
        rows = await snapshot.fetch(LANES, asked, columns)
        asked |= {"machines": [row["machine_id"] for row in rows], "sensors": [row["sensor_id"] for row in rows]}
        return Swimlane(
            by=by,
            starts_at=grid[0],
            ends_at=grid[-1],
            bucket_s=_width_s(grid),
            buckets=grid[:-1],
            lanes=await _lanes(snapshot, rows, asked, buckets=grid[:-1]),
            lanes_in_all=rows[0]["lanes_in_all"] if rows else 0,
            model_changes=await snapshot.fetch(MODEL_CHANGES, asked, ModelChange),
            **there,
        )

    return await ask.answer(READ_MODELS, question)


def _on_grid(cut: LogCut, grid: list[datetime]) -> dict[str, Any]:
    """Return the parameters of statements over the cells, the widest buckets that they are made of among them."""
    width_s = _width_s(grid)
    level_s = next(level for level in WIDTHS_S if width_s % level == 0)
    begun = {86_400: "begun_day", 3600: "begun_hour", 60: "begun_minute"}[level_s]
    return {
        "starts_at": grid[0],
        "ends_at": grid[-1],
        "width": grid[1] - grid[0],
        "level_s": level_s,
        "begun_level": cut.parameters[begun],
        "not_judged": list(NOT_JUDGED),
        "most_verdicts": MOST_VERDICTS,
    }


async def _lanes(
    snapshot: Snapshot, rows: list[dict[str, Any]], asked: dict[str, Any], *, buckets: list[datetime]
) -> list[Lane]:
    """Return the lanes of `rows`, in their order, with what stands in their cells."""
    places = {bucket: place for place, bucket in enumerate(buckets)}
    since = {(row["machine_id"], row["sensor_id"]): row["since"] for row in await snapshot.fetch(SINCE, asked, columns)}
    lanes = {
        (row["machine_id"], row["sensor_id"]): _empty_lane(
            row, since.get((row["machine_id"], row["sensor_id"])), places
        )
        for row in rows
    }
    for row in await snapshot.fetch(COUNTS, asked, columns):
        lane, place = lanes[row["machine_id"], row["sensor_id"]], places[row["at"]]
        lane.readings[place], lane.not_judged[place] = row["readings"], row["not_judged"]
    for row in await snapshot.fetch(WORST, asked, columns):
        lane, place = lanes[row["machine_id"], row["sensor_id"]], places[row["at"]]
        lane.anomalies[place], lane.scores[place] = row["anomalies"], row["score"]
        # Verdicts may be here before the buckets have their readings, of which there is one for each.
        lane.readings[place] = max(lane.readings[place], row["anomalies"])
        lane.severities[place] = severity_of(row["score"])
    return list(lanes.values())


def whole_buckets(span: Span, bucket_s: int | None) -> list[datetime]:
    """Return the borders of buckets that cover the span, at least two: whole minutes unless `bucket_s` says otherwise.

    Raises:
        ParameterRefused: more than MOST_CELLS.
    """
    width_s = bucket_s or _default_width_s(span)
    start_s = math.floor(span.starts_at.timestamp() / width_s) * width_s
    cells = math.ceil((span.ends_at.timestamp() - start_s) / width_s)
    if cells > MOST_CELLS:
        raise ParameterRefused(f"bucket: {cells} cells of {width_s} s; at most {MOST_CELLS}, so take a longer bucket")
    first = span.starts_at - timedelta(seconds=span.starts_at.timestamp() - start_s)
    return [first + timedelta(seconds=width_s * cell) for cell in range(cells + 1)]


def _empty_lane(row: dict[str, Any], since: datetime | None, places: Mapping[datetime, int]) -> Lane:
    return Lane(
        machine_id=row["machine_id"],
        sensor_id=row["sensor_id"] or None,
        profile=row["profile"],
        worst_score=row["worst_score"],
        abnormal_since=since if row["worst_score"] is not None else None,
        readings=[0] * len(places),
        not_judged=[0] * len(places),
        anomalies=[0] * len(places),
        scores=[None] * len(places),
        severities=[None] * len(places),
    )


def _default_width_s(span: Span) -> int:
    """Return a cell's width: whole minutes, from an hour on whole hours, from a day on whole days."""
    wanted_s = span.seconds / CELLS
    unit_s = next((unit for unit in WIDTHS_S if wanted_s > unit), WIDTHS_S[-1])
    return max(unit_s, math.ceil(wanted_s / unit_s) * unit_s)


def _width_s(grid: list[datetime]) -> int:
    return round((grid[1] - grid[0]).total_seconds())
