"""Sensors as the log has shown them, now or at a cut: what every answer about a sensor begins with."""

from datetime import datetime
from typing import Final

from query_api.asking import Asking
from query_api.errors import Ambiguous, NotKnown
from query_api.log_cut import BEGUN, LogCut
from query_api.models.machines import SensorDetail
from query_api.store import Snapshot, columns

READ_MODELS: Final = ("sensors", "anomalies")
"""What the present needs; an earlier time needs the readings themselves too."""

# Every sensor with how much is known of it and its last reading in the log.
SEEN_NOW: Final = """
    SELECT
        sensors.machine_id,
        sensors.sensor_id,
        newest.profile,
        sensors.readings,
        sensors.first_recorded_at,
        sensors.last_recorded_at,
        newest.recorded_at,
        newest.last_known_at,
        newest.partition,
        newest."offset",
        newest."values"
    FROM sensors
    JOIN newest_readings AS newest USING (machine_id, sensor_id)
"""

# The same as of a moment: the minutes before the begun one, and what of that one was known by then.
SEEN_THEN: Final = f"""
    WITH begun AS (
        SELECT
            series.machine_id,
            series.sensor_id,
            count(*) AS readings,
            min(begun.recorded_at) AS first_recorded_at,
            max(begun.recorded_at) AS last_recorded_at,
            max(begun.known_at) AS last_known_at,
            (array_agg(begun.partition ORDER BY begun.known_at DESC, begun.partition DESC, begun."offset" DESC))[1]
                AS partition,
            (array_agg(begun."offset" ORDER BY begun.known_at DESC, begun.partition DESC, begun."offset" DESC))[1]
                AS "offset"
        FROM ({BEGUN}) AS begun
        JOIN series USING (series)
        GROUP BY series.machine_id, series.sensor_id
    )
    SELECT
        sensors.machine_id,
        sensors.sensor_id,
        series.profile,
        known.readings,
        known.first_recorded_at,
        known.last_recorded_at,
        newest.recorded_at,
        newest.known_at AS last_known_at,
        newest.partition,
        newest."offset",
        newest."values"
    FROM sensors
    LEFT JOIN begun USING (machine_id, sensor_id)
    CROSS JOIN LATERAL (
        SELECT
            coalesce(sum(minutes.readings), 0)::bigint + coalesce(begun.readings, 0) AS readings,
            least(min(minutes.first_recorded_at), begun.first_recorded_at) AS first_recorded_at,
            greatest(max(minutes.last_recorded_at), begun.last_recorded_at) AS last_recorded_at
        FROM sensor_minutes AS minutes
        WHERE minutes.machine_id = sensors.machine_id
            AND minutes.sensor_id = sensors.sensor_id
            AND minutes.known_minute < %(begun_minute)s
    ) AS known
    CROSS JOIN LATERAL (
        SELECT either.partition, either."offset"
        FROM (
            (
                SELECT minutes.last_known_at, minutes.partition, minutes."offset"
                FROM sensor_minutes AS minutes
                WHERE minutes.machine_id = sensors.machine_id
                    AND minutes.sensor_id = sensors.sensor_id
                    AND minutes.known_minute < %(begun_minute)s
                ORDER BY minutes.known_minute DESC
                LIMIT 1
            )
            UNION ALL
            SELECT begun.last_known_at, begun.partition, begun."offset"
            WHERE begun.readings IS NOT NULL
        ) AS either
        ORDER BY either.last_known_at DESC, either.partition DESC, either."offset" DESC
        LIMIT 1
    ) AS place
    JOIN readings AS newest
        ON newest.partition = place.partition
        AND newest."offset" = place."offset"
    JOIN series USING (series)
"""  # noqa: S608 - constants

# silent: nothing for 20 expected intervals (then a scorer starts the sensor's state anew as well), at least 10 s.
# late: taken over 5 minutes before the log got it, as a reading 5 minutes ahead of the log is clock_ahead.
# stuck: the newest 20 intervals hold a verdict of that kind.
STATES: Final = """
    SELECT
        seen.machine_id,
        seen.sensor_id,
        seen.profile,
        CASE
            WHEN %(then)s - seen.last_known_at
                > greatest(coalesce(profiles.expected_interval_s, 3) * interval '20 s', interval '10 s')
                THEN 'silent'
            WHEN EXISTS (
                SELECT FROM anomalies
                WHERE anomalies.machine_id = seen.machine_id
                    AND anomalies.sensor_id = seen.sensor_id
                    AND anomalies.kind = 'stuck'
                    AND anomalies.recorded_at
                        > seen.recorded_at - coalesce(profiles.expected_interval_s, 3) * interval '20 s'
                    AND anomalies.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
            ) THEN 'stuck'
            WHEN seen.last_known_at - seen.recorded_at > interval '5 minutes' THEN 'late'
            ELSE 'ok'
        END AS state,
        seen.readings,
        seen.first_recorded_at,
        seen.last_recorded_at,
        seen.last_known_at,
        coalesce((
            SELECT json_object_agg(channels.name, nullif(seen."values"[channels.channel], 'NaN') ORDER BY channel)
            FROM channels
            WHERE channels.profile = profiles.profile
        ), '{}') AS last_measurements,
        'sensor-events/' || seen.partition || '/' || seen."offset" AS last_position,
        profiles.expected_interval_s
    FROM seen
    LEFT JOIN profiles
        ON profiles.profile = seen.profile
        AND profiles.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
"""

SENSOR: Final = """
    WHERE seen.sensor_id = %(sensor_id)s
        AND (%(machine_id)s::text IS NULL OR seen.machine_id = %(machine_id)s)
    ORDER BY seen.machine_id
    LIMIT 20
"""

CHANNELS: Final = """
    SELECT channels.name, channels.unit, channels.role, channels.minimum, channels.maximum
    FROM channels
    JOIN profiles USING (profile)
    WHERE profile = %(profile)s
        AND profiles.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    ORDER BY channels.channel
"""


def read_models_of(ask: Asking, *read_models: str) -> tuple[str, ...]:
    """Return the read models that a question about sensors needs beside `read_models`."""
    readings = ("readings",) if ask.as_of else ()
    return tuple(dict.fromkeys((*READ_MODELS, *readings, *read_models)))


def seen(cut: LogCut, rest: str, *, begin: str = "") -> str:
    """Return the statement over sensors as they are, or were at the cut; `rest` follows its FROM."""
    return f"WITH seen AS ({SEEN_THEN if cut.as_of else SEEN_NOW}) {begin} {STATES} {rest}"


async def one_sensor(
    snapshot: Snapshot, cut: LogCut, then: datetime, *, sensor_id: str, machine_id: str | None
) -> SensorDetail:
    """Return the one sensor that is meant, as it was at the cut.

    Raises:
        NotKnown: there is none.
        Ambiguous: several machines have one of that name and no machine is named.
    """
    asked = cut.parameters | {"sensor_id": sensor_id, "machine_id": machine_id, "then": then}
    found = await snapshot.fetch(seen(cut, SENSOR), asked, columns)
    if not found:
        where = f"machine {machine_id}" if machine_id else "any machine"
        when = f" at {cut.as_of.isoformat()}" if cut.as_of else ""
        raise NotKnown(f"No sensor {sensor_id} on {where}{when}. GET /sensors lists them.")
    if len(found) > 1:
        names = ", ".join(str(row["machine_id"]) for row in found)
        raise Ambiguous(f"Sensor {sensor_id} is on several machines: {names}. Add machine_id=….")
    row = found[0]
    channels = await snapshot.fetch(CHANNELS, {"profile": row["profile"], "as_of": cut.as_of}, columns)
    return SensorDetail.model_validate({**row, "channels": channels})
