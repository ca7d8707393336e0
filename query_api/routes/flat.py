"""The conventional client's routes: bare lists of flat items, newest first."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from domain.readings import microseconds
from domain.topics import DATA_PARTITIONS
from query_api.asking import AskAsOf, Asking, BareList
from query_api.bodies.flat import FlatAnomaly, FlatReading
from query_api.cursors import decode_cursor, encode_cursor, moment_in
from query_api.log_cut import LogCut
from query_api.parameters import Cursor, Limit, Moment, RowOffset, SensorId, require_order
from query_api.store import Snapshot

router = APIRouter(tags=["flat lists"])

LAST_OFFSET: Final = 2**63 - 1

NEWEST_READINGS: Final = """
    WITH newest AS (
        SELECT reading.*
        FROM unnest(%(partitions)s::int[], %(upto)s::bigint[]) AS place (partition, upto)
        CROSS JOIN LATERAL (
            SELECT readings.*
            FROM readings
            WHERE readings.partition = place.partition
                AND readings."offset" <= place.upto
                AND (%(ahead)s OR readings.recorded_at <= readings.known_at + interval '5 minutes')
            ORDER BY readings."offset" DESC
            LIMIT %(limit)s + %(offset)s
        ) AS reading
        ORDER BY reading.known_at DESC, reading.partition DESC, reading."offset" DESC
        LIMIT %(limit)s
        OFFSET %(offset)s
    )
"""

NEWEST_READINGS_OF_SENSOR: Final = """
    WITH newest AS (
        SELECT reading.*
        FROM series
        CROSS JOIN LATERAL (
            SELECT readings.*
            FROM readings
            WHERE readings.series = series.series
                AND readings.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
                AND (%(ahead)s OR readings.recorded_at <= readings.known_at + interval '5 minutes')
            ORDER BY readings.recorded_at DESC
            LIMIT %(limit)s + %(offset)s
        ) AS reading
        WHERE series.sensor_id = %(sensor_id)s
        ORDER BY reading.recorded_at DESC, reading.partition DESC, reading."offset" DESC
        LIMIT %(limit)s
        OFFSET %(offset)s
    )
"""

FLAT_READINGS: Final = """
    SELECT
        newest.event_id,
        series.sensor_id,
        newest.recorded_at AS timestamp,
        nullif(newest."values"[place.temperature], 'NaN') AS temperature,
        nullif(newest."values"[place.pressure], 'NaN') AS pressure,
        nullif(newest."values"[place.vibration], 'NaN') AS vibration
    FROM newest
    JOIN series USING (series)
    LEFT JOIN (
        SELECT
            profile,
            max(channel) FILTER (WHERE name = 'temperature') AS temperature,
            max(channel) FILTER (WHERE name = 'pressure') AS pressure,
            max(channel) FILTER (WHERE name = 'vibration') AS vibration
        FROM channels
        WHERE profile IN (
            SELECT profiles.profile
            FROM profiles
            WHERE profiles.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        )
        GROUP BY profile
    ) AS place USING (profile)
"""

IN_ORDER_OF_LOG: Final = ' ORDER BY newest.known_at DESC, newest.partition DESC, newest."offset" DESC'
IN_ORDER_OF_TIME: Final = ' ORDER BY newest.recorded_at DESC, newest.partition DESC, newest."offset" DESC'

LATEST: Final = NEWEST_READINGS + FLAT_READINGS + IN_ORDER_OF_LOG
LATEST_OF_SENSOR: Final = NEWEST_READINGS_OF_SENSOR + FLAT_READINGS + IN_ORDER_OF_TIME

ANOMALIES: Final = """
    SELECT
        event_id,
        sensor_id,
        recorded_at AS timestamp,
        (measurements ->> 'temperature')::float8 AS temperature,
        (measurements ->> 'pressure')::float8 AS pressure,
        (measurements ->> 'vibration')::float8 AS vibration,
        score AS anomaly_score,
        model_name || '/' || model_version AS model_name,
        known_at AS created_at,
        partition,
        "offset" AS log_offset
    FROM anomalies
    WHERE (%(sensor_id)s::text IS NULL OR sensor_id = %(sensor_id)s)
        AND known_at >= coalesce(%(start_time)s::timestamptz, '-infinity')
        AND known_at < coalesce(%(end_time)s::timestamptz, 'infinity')
        AND known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        AND (known_at, partition, "offset")
            < (coalesce(%(known_at)s::timestamptz, 'infinity'), %(partition)s::int, %(log_offset)s::bigint)
    ORDER BY known_at DESC, partition DESC, "offset" DESC
    LIMIT %(limit)s
    OFFSET %(offset)s
"""


@router.get("/events/latest", response_model=list[FlatReading], summary="Newest readings")
async def latest_events(
    ask: AskAsOf, sensor_id: SensorId = None, limit: Limit = 100, offset: RowOffset = 0
) -> Response:
    """Return the newest readings of all sensors as the log knows them, or of one sensor by its own clock.

    Readings that claim to be more than 5 minutes ahead of the log are left out while there are others.
    """

    async def question(snapshot: Snapshot) -> BareList:
        statement = LATEST if sensor_id is None else LATEST_OF_SENSOR
        upto = dict.fromkeys(range(DATA_PARTITIONS), LAST_OFFSET)
        if ask.as_of:
            cut = await LogCut.at(snapshot, ask.as_of)
            upto = cut.upto
        asked = {
            "partitions": list(upto),
            "upto": list(upto.values()),
            "as_of": ask.as_of,
            "limit": limit,
            "offset": offset,
            "sensor_id": sensor_id,
        }
        # A device whose clock runs ahead would stand on top for years: it is listed only where there is nothing else.
        items = await snapshot.fetch(statement, {**asked, "ahead": False}, FlatReading)
        if not items and offset == 0:
            items = await snapshot.fetch(statement, {**asked, "ahead": True}, FlatReading)
        return BareList(items=items)

    return await ask.answer(("readings", "sensors"), question)


@router.get("/anomalies/latest", response_model=list[FlatAnomaly], summary="Newest anomalies")
async def latest_anomalies(
    ask: AskAsOf, sensor_id: SensorId = None, limit: Limit = 100, offset: RowOffset = 0
) -> Response:
    """Return the newest verdicts."""
    return await _anomalies(ask, _AnomalyFilter(sensor_id=sensor_id, limit=limit, offset=offset))


@router.get("/anomalies", response_model=list[FlatAnomaly], summary="Anomalies in a time range")
async def anomalies(
    *,
    ask: AskAsOf,
    sensor_id: SensorId = None,
    start_time: Annotated[Moment | None, Query(description="First created_at, inclusive.")] = None,
    end_time: Annotated[Moment | None, Query(description="Last created_at, exclusive.")] = None,
    limit: Limit = 100,
    offset: RowOffset = 0,
    cursor: Cursor = None,
) -> Response:
    """Return verdicts, newest first; header Link names the page after this one."""
    require_order(start_time, end_time, names=("start_time", "end_time"))
    asked = _AnomalyFilter(
        sensor_id=sensor_id, start_time=start_time, end_time=end_time, limit=limit, offset=offset, cursor=cursor
    )
    return await _anomalies(ask, asked)


class _AnomalyFilter(BaseModel):
    sensor_id: str | None
    start_time: datetime | None = None
    end_time: datetime | None = None
    limit: int
    offset: int = 0
    cursor: str | None = None


class _AnomalyRow(FlatAnomaly):
    partition: int
    log_offset: int

    @property
    def cursor(self) -> str:
        """Return the cursor behind this row."""
        return encode_cursor("anomalies", (microseconds(self.created_at), self.partition, self.log_offset))


async def _anomalies(ask: Asking, asked: _AnomalyFilter) -> Response:
    behind = decode_cursor("anomalies", asked.cursor, (int, int, int))

    async def question(snapshot: Snapshot) -> BareList:
        rows = await snapshot.fetch(
            ANOMALIES,
            {
                **asked.model_dump(exclude={"cursor"}),
                "as_of": ask.as_of,
                "known_at": moment_in(behind[0]) if behind else None,
                "partition": behind[1] if behind else DATA_PARTITIONS,
                "log_offset": behind[2] if behind else 0,
            },
            _AnomalyRow,
        )
        return BareList(
            items=[FlatAnomaly(**row.model_dump(exclude={"partition", "log_offset"})) for row in rows],
            next_cursor=rows[-1].cursor if len(rows) == asked.limit else None,
        )

    return await ask.answer(("anomalies",), question)
