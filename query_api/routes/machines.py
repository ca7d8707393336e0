"""Machines, sensors and profiles."""

from typing import Any, Final

from fastapi import APIRouter, Response

from query_api.asking import AskAsOf
from query_api.bodies.common import Page
from query_api.bodies.machines import MachineSummary, ProfileSummary, SensorDetail, SensorSummary
from query_api.cursors import decode_cursor, encode_cursor
from query_api.flagged import READ_MODELS as FLAGGED_IN
from query_api.flagged import flagged
from query_api.log_cut import LogCut
from query_api.parameters import Cursor, Limit, MachineId
from query_api.seen_sensors import one_sensor, read_models_of, seen
from query_api.store import Snapshot

router = APIRouter(tags=["machines"])

SENSOR_PAGE: Final = """
    WHERE (seen.machine_id, seen.sensor_id) > (%(machine)s, %(sensor)s)
        AND (%(machine_id)s::text IS NULL OR seen.machine_id = %(machine_id)s)
    ORDER BY seen.machine_id, seen.sensor_id
    LIMIT %(limit)s
"""

MACHINES: Final = """
        WHERE seen.machine_id > %(machine)s
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
    FROM states
    GROUP BY machine_id
    ORDER BY machine_id
    LIMIT %(limit)s
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
async def machines(ask: AskAsOf, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Return machines by name."""
    behind = decode_cursor("machines", cursor, (str,)) or ("",)

    async def question(snapshot: Snapshot) -> Page[MachineSummary]:
        cut = await LogCut.at(snapshot, ask.as_of)
        asked = cut.parameters | {"machine": behind[0], "limit": limit, "then": ask.then()}
        items = await snapshot.fetch(seen(cut, MACHINES, begin=", states AS ("), asked, MachineSummary)
        following = encode_cursor("machines", (items[-1].machine_id,)) if len(items) == limit else None
        return Page(items=items, next_cursor=following)

    return await ask.answer(read_models_of(ask), question)


@router.get("/sensors", response_model=Page[SensorSummary], summary="Sensors")
async def sensors(ask: AskAsOf, machine_id: MachineId = None, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Return sensors by machine and name."""
    behind = decode_cursor("sensors", cursor, (str, str)) or ("", "")

    async def question(snapshot: Snapshot) -> Page[SensorSummary]:
        cut = await LogCut.at(snapshot, ask.as_of)
        asked = cut.parameters | {
            "machine": behind[0],
            "sensor": behind[1],
            "machine_id": machine_id,
            "limit": limit,
            "then": ask.then(),
        }
        items = await snapshot.fetch(seen(cut, SENSOR_PAGE), asked, sensor_summary)
        last = items[-1] if len(items) == limit else None
        following = encode_cursor("sensors", (last.machine_id, last.sensor_id)) if last else None
        return Page(items=items, next_cursor=following)

    return await ask.answer(read_models_of(ask), question)


@router.get("/sensors/{sensor_id}", response_model=SensorDetail, summary="One sensor")
async def sensor(ask: AskAsOf, sensor_id: str, machine_id: MachineId = None) -> Response:
    """Return a sensor with its channels and what was not judged; 409 when several machines have one of that name."""

    async def question(snapshot: Snapshot) -> SensorDetail:
        cut = await LogCut.at(snapshot, ask.as_of)
        found = await one_sensor(snapshot, cut, ask.then(), sensor_id=sensor_id, machine_id=machine_id)
        counts = await flagged(
            snapshot, cut, machine_id=found.machine_id, sensor_id=sensor_id, last_position=found.last_position
        )
        return found.model_copy(update={"flagged": counts})

    return await ask.answer(read_models_of(ask, *FLAGGED_IN), question)


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
