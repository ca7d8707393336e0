"""One sensor's readings over time: raw when few, else smallest, mean and largest per bucket; with their scores."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Response

from query_api.asking import AskAsOf
from query_api.log_cut import BEGUN, LogCut
from query_api.models.machines import ChannelSeries, ReadingSeries, SensorDetail
from query_api.parameters import From, MachineId, Span, To, span_of
from query_api.routes.scores import scores_of
from query_api.seen_sensors import one_sensor
from query_api.store import Snapshot, columns

router = APIRouter(tags=["machines"])

READ_MODELS: Final = ("readings", "reading_buckets", "sensors", "anomalies", "scoring", "models")

MOST_RAW_READINGS: Final = 60_000
"""Readings put into buckets while one waits (about 50 ms); above, the minutes of reading_buckets are used."""

GAP_IN_INTERVALS: Final = 3
"""Expected intervals (or buckets) without a reading that break the line."""

COUNT: Final = """
    SELECT count(*) AS readings
    FROM (
        SELECT
        FROM series
        JOIN readings USING (series)
        WHERE series.machine_id = %(machine_id)s
            AND series.sensor_id = %(sensor_id)s
            AND series.profile = %(profile)s
            AND readings.recorded_at >= %(starts_at)s
            AND readings.recorded_at < %(ends_at)s
            AND readings.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        LIMIT %(most)s
    ) AS counted
"""

RAW: Final = """
    SELECT
        readings.recorded_at AS at,
        1 AS readings,
        readings."values" AS lowest,
        readings."values" AS mean,
        readings."values" AS highest
    FROM series
    JOIN readings USING (series)
    WHERE series.machine_id = %(machine_id)s
        AND series.sensor_id = %(sensor_id)s
        AND series.profile = %(profile)s
        AND readings.recorded_at >= %(starts_at)s
        AND readings.recorded_at < %(ends_at)s
        AND readings.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    ORDER BY readings.recorded_at, readings."offset"
"""

RAW_IN_BUCKETS: Final = """
    WITH measured AS (
        SELECT
            date_bin(%(width)s, readings.recorded_at, 'epoch') AS at,
            listed.channel,
            count(*) AS readings,
            min(slot.value) AS lowest,
            avg(slot.value) AS mean,
            max(slot.value) AS highest
        FROM series
        JOIN readings USING (series)
        CROSS JOIN generate_series(1, %(channels)s) AS listed (channel)
        CROSS JOIN LATERAL (SELECT nullif(readings."values"[listed.channel], 'NaN')) AS slot (value)
        WHERE series.machine_id = %(machine_id)s
            AND series.sensor_id = %(sensor_id)s
            AND series.profile = %(profile)s
            AND readings.recorded_at >= %(starts_at)s
            AND readings.recorded_at < %(ends_at)s
            AND readings.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        GROUP BY at, listed.channel
    )
    SELECT
        at,
        max(readings) AS readings,
        array_agg(lowest ORDER BY channel) AS lowest,
        array_agg(mean ORDER BY channel) AS mean,
        array_agg(highest ORDER BY channel) AS highest
    FROM measured
    GROUP BY at
    ORDER BY at
"""

MINUTES_IN_BUCKETS: Final = f"""
    WITH known AS (
        SELECT minute, channel, readings, minimum, maximum, total
        FROM reading_buckets
        WHERE machine_id = %(machine_id)s
            AND sensor_id = %(sensor_id)s
            AND profile = %(profile)s
            AND minute >= %(starts_at)s
            AND minute < %(ends_at)s
            AND known_minute < coalesce(%(begun_minute)s::timestamptz, 'infinity')
        UNION ALL
        SELECT begun.recorded_at, slot.channel, 1, slot.value + 0.0, slot.value + 0.0, slot.value::numeric
        FROM ({BEGUN}) AS begun
        JOIN series USING (series)
        CROSS JOIN LATERAL unnest(begun."values") WITH ORDINALITY AS slot (value, channel)
        WHERE series.machine_id = %(machine_id)s
            AND series.sensor_id = %(sensor_id)s
            AND series.profile = %(profile)s
            AND begun.recorded_at >= %(starts_at)s
            AND begun.recorded_at < date_trunc('minute', %(ends_at)s - interval '1 microsecond') + interval '1 minute'
            AND slot.value <> 'NaN'
    ),
    measured AS (
        SELECT
            date_bin(%(width)s, minute, 'epoch') AS at,
            channel,
            sum(readings)::bigint AS readings,
            min(minimum) AS lowest,
            (sum(total) / sum(readings))::float8 AS mean,
            max(maximum) AS highest
        FROM known
        GROUP BY 1, 2
    ),
    counted AS (
        SELECT at, max(readings) AS readings
        FROM measured
        GROUP BY at
    ),
    placed AS (
        SELECT counted.at, counted.readings, listed.channel, measured.lowest, measured.mean, measured.highest
        FROM counted
        CROSS JOIN generate_series(1, %(channels)s) AS listed (channel)
        LEFT JOIN measured ON measured.at = counted.at AND measured.channel = listed.channel
    )
    SELECT
        at,
        readings,
        array_agg(lowest ORDER BY channel) AS lowest,
        array_agg(mean ORDER BY channel) AS mean,
        array_agg(highest ORDER BY channel) AS highest
    FROM placed
    GROUP BY at, readings
    ORDER BY at
"""  # noqa: S608 - constants

EXPECTED: Final = """
    SELECT model_versions.metrics
    FROM champions
    JOIN model_versions USING (name, version)
    WHERE champions.profile = %(profile)s
        AND champions.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        AND model_versions.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    ORDER BY champions."offset" DESC
    LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grain:
    """How finely a range is shown: raw, raw readings in buckets of `width`, or whole minutes in buckets of `width`."""

    statement: str
    mode: Literal["raw", "buckets"]
    starts_at: datetime
    width: timedelta | None


@router.get("/sensors/{sensor_id}/readings", response_model=ReadingSeries, summary="Readings of one sensor")
async def readings(
    *,
    ask: AskAsOf,
    sensor_id: str,
    machine_id: MachineId = None,
    starts_at: From = None,
    ends_at: To = None,
    points: Annotated[int, Query(ge=10, le=5000, description="Most entries wanted.")] = 500,
) -> Response:
    """Return readings between `from` and `to` (default: the newest hour), raw when at most `points`."""

    async def question(snapshot: Snapshot) -> ReadingSeries:
        cut = await LogCut.at(snapshot, ask.as_of)
        asked = await one_sensor(snapshot, cut, ask.then(), sensor_id=sensor_id, machine_id=machine_id)
        span = span_of(starts_at, ends_at, newest=asked.last_recorded_at, default=timedelta(hours=1))
        return await _series(snapshot, asked, span, points=points, cut=cut)

    return await ask.answer(READ_MODELS, question)


async def _series(
    snapshot: Snapshot,
    sensor: SensorDetail,
    span: Span,
    *,
    points: int,
    cut: LogCut,
) -> ReadingSeries:
    parameters = cut.parameters | {
        "machine_id": sensor.machine_id,
        "sensor_id": sensor.sensor_id,
        "profile": sensor.profile,
        "starts_at": span.starts_at,
        "ends_at": span.ends_at,
        "channels": len(sensor.channels),
    }
    counted = await snapshot.fetch(COUNT, {**parameters, "most": MOST_RAW_READINGS + 1}, columns)
    grain = grain_of(span, readings=counted[0]["readings"], points=points)
    parameters |= {"starts_at": grain.starts_at, "width": grain.width}
    rows = await snapshot.fetch(grain.statement, parameters, columns)
    scores = await scores_of(snapshot, parameters)
    expected = await snapshot.fetch(EXPECTED, {"profile": sensor.profile, "as_of": cut.as_of}, columns)
    step_s = max(sensor.expected_interval_s or 0.0, grain.width.total_seconds() if grain.width else 0.0)
    marked = with_gaps(rows, timedelta(seconds=GAP_IN_INTERVALS * step_s))
    return ReadingSeries(
        machine_id=sensor.machine_id,
        sensor_id=sensor.sensor_id,
        profile=sensor.profile,
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        mode=grain.mode,
        bucket_s=grain.width.total_seconds() if grain.width else None,
        times=[row["at"] for row in marked],
        counts=[row["readings"] for row in marked],
        channels=_channels(sensor, marked, expected[0]["metrics"] if expected else {}),
        scores=[scores.get(row["at"]) if row["readings"] else None for row in marked],
        data_starts_at=sensor.first_recorded_at,
        data_ends_at=sensor.last_recorded_at,
    )


def grain_of(span: Span, *, readings: int, points: int) -> Grain:
    """Return how to show a range that holds `readings` readings, or more than MOST_RAW_READINGS, in `points` entries.

    Buckets of whole minutes start on one.
    """
    if readings <= points:
        return Grain(statement=RAW, mode="raw", starts_at=span.starts_at, width=None)
    width_s = max(1, math.ceil(span.seconds / (points - 1)))  # one more where the range begins inside a bucket
    if readings <= MOST_RAW_READINGS:
        width = timedelta(seconds=width_s)
        return Grain(statement=RAW_IN_BUCKETS, mode="buckets", starts_at=span.starts_at, width=width)
    return Grain(
        statement=MINUTES_IN_BUCKETS,
        mode="buckets",
        starts_at=span.starts_at.replace(second=0, microsecond=0),
        width=timedelta(minutes=math.ceil(width_s / 60)),
    )


def with_gaps(rows: list[dict[str, Any]], longest: timedelta) -> list[dict[str, Any]]:
    """Return rows with an empty one after each that is followed by nothing for longer than `longest`."""
    if not longest:
        return rows
    marked: list[dict[str, Any]] = []
    for row in rows:
        if marked and row["at"] - marked[-1]["at"] > longest:
            gap_at = marked[-1]["at"] + longest / GAP_IN_INTERVALS
            marked.append({"at": gap_at, "readings": 0, "lowest": None, "mean": None, "highest": None})
        marked.append(row)
    return marked


def _channels(sensor: SensorDetail, rows: list[dict[str, Any]], metrics: dict[str, Any]) -> list[ChannelSeries]:
    """Return the channels' columns; a channel that this sensor never measures in the range is left out."""
    series = []
    for place, channel in enumerate(sensor.channels):
        lowest, mean, highest = (
            [_number(row[bound][place]) if row[bound] else None for row in rows]
            for bound in ("lowest", "mean", "highest")
        )
        if rows and all(value is None for value in mean):
            continue
        series.append(
            ChannelSeries(
                name=channel.name,
                unit=channel.unit,
                role=channel.role,
                minimum=lowest,
                mean=mean,
                maximum=highest,
                expected_low=_number(metrics.get(f"expected_low.{channel.name}")),
                expected_high=_number(metrics.get(f"expected_high.{channel.name}")),
            )
        )
    return series


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value
