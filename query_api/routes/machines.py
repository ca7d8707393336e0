"""Machines, sensors and profiles."""

from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Response

from query_api.asking import Ask, AskAsOf
from query_api.cursors import decode_cursor, encode_cursor
from query_api.errors import Ambiguous, NotKnown
from query_api.models.common import Page
from query_api.models.machines import MachineSummary, ProfileSummary, SensorDetail, SensorSummary
from query_api.parameters import Cursor, Limit, MachineId
from query_api.store import Snapshot, columns

router = APIRouter(tags=["machines"])

READ_MODELS: Final = ("sensors", "anomalies")

# silent: nothing for 20 expected intervals (then a scorer starts the sensor's state anew as well), at least 10 s.
# late: taken over 5 minutes before the log got it, as a reading 5 minutes ahead of the log is clock_ahead.
# stuck: the newest 20 intervals hold a verdict of that kind.
SENSORS: Final = """
    SELECT
        sensors.machine_id,
        sensors.sensor_id,
        newest.profile,
        CASE
            WHEN %(now)s - newest.known_at
                > greatest(coalesce(profiles.expected_interval_s, 3) * interval '20 s', interval '10 s')
                THEN 'silent'
            WHEN EXISTS (
                SELECT FROM anomalies
                WHERE anomalies.machine_id = sensors.machine_id
                    AND anomalies.sensor_id = sensors.sensor_id
                    AND anomalies.kind = 'stuck'
                    AND anomalies.recorded_at
                        > newest.recorded_at - coalesce(profiles.expected_interval_s, 3) * interval '20 s'
            ) THEN 'stuck'
            WHEN newest.known_at - newest.recorded_at > interval '5 minutes' THEN 'late'
            ELSE 'ok'
        END AS state,
        sensors.readings,
        sensors.first_recorded_at,
        sensors.last_recorded_at,
        newest.known_at AS last_known_at,
        coalesce((
            SELECT json_object_agg(channels.name, nullif(newest."values"[channels.channel], 'NaN') ORDER BY channel)
            FROM channels
            WHERE channels.profile = newest.profile
        ), '{}') AS last_measurements,
        'sensor-events/' || newest.partition || '/' || newest."offset" AS last_position,
        profiles.expected_interval_s
    FROM sensors
    JOIN newest_readings AS newest USING (machine_id, sensor_id)
    LEFT JOIN profiles USING (profile)
"""

SENSOR_PAGE: Final = (
    SENSORS
    + """
    WHERE (sensors.machine_id, sensors.sensor_id) > (%(machine)s, %(sensor)s)
        AND (%(machine_id)s::text IS NULL OR sensors.machine_id = %(machine_id)s)
    ORDER BY sensors.machine_id, sensors.sensor_id
    LIMIT %(limit)s
"""
)

SENSOR: Final = (
    SENSORS
    + """
    WHERE sensors.sensor_id = %(sensor_id)s
        AND (%(machine_id)s::text IS NULL OR sensors.machine_id = %(machine_id)s)
    ORDER BY sensors.machine_id
    LIMIT 20
"""
)

MACHINES: Final = (
    "WITH seen AS ("
    + SENSORS
    + """
        WHERE sensors.machine_id > %(machine)s
    )
    SELECT
        machine_id,
        array_agg(DISTINCT profile ORDER BY profile) AS profiles,
        (ARRAY['silent', 'stuck', 'late', 'ok'])[
            min(array_position(ARRAY['silent', 'stuck', 'late', 'ok'], state))
        ] AS state,
        count(*) AS sensors,
        sum(readings)::bigint AS readings,
        min(first_recorded_at) AS first_recorded_at,
        max(last_recorded_at) AS last_recorded_at,
        max(last_known_at) AS last_known_at
    FROM seen
    GROUP BY machine_id
    ORDER BY machine_id
    LIMIT %(limit)s
"""
)

CHANNELS: Final = """
    SELECT name, unit, role, minimum, maximum
    FROM channels
    WHERE profile = %(profile)s
    ORDER BY channel
"""

PROFILES: Final = """
    SELECT
        profile,
        name,
        version,
        expected_interval_s,
        known_at AS defined_at,
        coalesce((
            SELECT json_agg(
                json_build_object('name', channels.name, 'unit', unit, 'role', role, 'minimum', minimum,
                    'maximum', maximum)
                ORDER BY channel
            )
            FROM channels
            WHERE channels.profile = profiles.profile
        ), '[]') AS channels
    FROM profiles
    WHERE (name, version) > (%(name)s, %(version)s::int)
        AND known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    ORDER BY name, version
    LIMIT %(limit)s
"""


def sensor_summary(*, expected_interval_s: float | None, **row: Any) -> SensorSummary:  # noqa: ARG001 - a column
    """Return the sensor of a row."""
    return SensorSummary(**row)


@router.get("/machines", response_model=Page[MachineSummary], summary="Machines")
async def machines(ask: Ask, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Return machines by name."""
    behind = decode_cursor("machines", cursor, (str,)) or ("",)

    async def question(snapshot: Snapshot) -> Page[MachineSummary]:
        asked = {"machine": behind[0], "limit": limit, "now": ask.now()}
        items = await snapshot.fetch(MACHINES, asked, MachineSummary)
        following = encode_cursor("machines", (items[-1].machine_id,)) if len(items) == limit else None
        return Page(items=items, next_cursor=following)

    return await ask.answer(READ_MODELS, question)


@router.get("/sensors", response_model=Page[SensorSummary], summary="Sensors")
async def sensors(ask: Ask, machine_id: MachineId = None, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Return sensors by machine and name."""
    behind = decode_cursor("sensors", cursor, (str, str)) or ("", "")

    async def question(snapshot: Snapshot) -> Page[SensorSummary]:
        asked = {
            "machine": behind[0],
            "sensor": behind[1],
            "machine_id": machine_id,
            "limit": limit,
            "now": ask.now(),
        }
        items = await snapshot.fetch(SENSOR_PAGE, asked, sensor_summary)
        last = items[-1] if len(items) == limit else None
        following = encode_cursor("sensors", (last.machine_id, last.sensor_id)) if last else None
        return Page(items=items, next_cursor=following)

    return await ask.answer(READ_MODELS, question)


@router.get("/sensors/{sensor_id}", response_model=SensorDetail, summary="One sensor")
async def sensor(ask: Ask, sensor_id: str, machine_id: MachineId = None) -> Response:
    """Return a sensor with its channels; 409 when several machines have one of that name."""

    async def question(snapshot: Snapshot) -> SensorDetail:
        return await one_sensor(snapshot, ask.now(), sensor_id=sensor_id, machine_id=machine_id)

    return await ask.answer(READ_MODELS, question)


@router.get("/profiles", response_model=Page[ProfileSummary], summary="Kinds of machine")
async def profiles(ask: AskAsOf, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Return profiles by name and version."""
    behind = decode_cursor("profiles", cursor, (str, int)) or ("", 0)

    async def question(snapshot: Snapshot) -> Page[ProfileSummary]:
        asked = {"name": behind[0], "version": behind[1], "limit": limit, "as_of": ask.as_of}
        items = await snapshot.fetch(PROFILES, asked, ProfileSummary)
        last = items[-1] if len(items) == limit else None
        following = encode_cursor("profiles", (last.name, last.version)) if last else None
        return Page(items=items, next_cursor=following)

    return await ask.answer(("sensors",), question)


async def one_sensor(snapshot: Snapshot, now: datetime, *, sensor_id: str, machine_id: str | None) -> SensorDetail:
    """Return the one sensor that is meant.

    Raises:
        NotKnown: there is none.
        Ambiguous: several machines have one of that name and no machine is named.
    """
    asked = {"sensor_id": sensor_id, "machine_id": machine_id, "now": now}
    found = await snapshot.fetch(SENSOR, asked, columns)
    if not found:
        where = f"machine {machine_id}" if machine_id else "any machine"
        raise NotKnown(f"No sensor {sensor_id} on {where}. GET /sensors lists them.")
    if len(found) > 1:
        names = ", ".join(str(row["machine_id"]) for row in found)
        raise Ambiguous(f"Sensor {sensor_id} is on several machines: {names}. Add machine_id=….")
    row = found[0]
    channels = await snapshot.fetch(CHANNELS, {"profile": row["profile"]}, columns)
    return SensorDetail.model_validate({**row, "channels": channels})
