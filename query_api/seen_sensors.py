"""Sensors as the log has shown them, now or at a cut: what every answer about a sensor begins with."""

from datetime import datetime
from typing import Final

from query_api.asking import Asking
from query_api.bodies.machines import SensorDetail
from query_api.errors import Ambiguous, NotKnown
from query_api.log_cut import BEGUN, LogCut
from query_api.store import Snapshot, columns

READ_MODELS: Final = ("sensors", "anomalies")
"""What the present needs; an earlier time needs the readings themselves too."""

# Every sensor with how much is known of it and its newest reading: the newest by its own clock that is not ahead of the
# log's, so none that came late. Partitions meet here; a machine that writes as we do has one.
SEEN_NOW: Final = """
    SELECT
        sums.machine_id,
        sums.sensor_id,
        newest.profile,
        sums.readings,
        sums.first_recorded_at,
        sums.last_known_at,
        newest.recorded_at,
        newest.newest_known_at,
        newest.clock_ahead,
        newest.partition,
        newest."offset",
        newest."values"
    FROM (
        SELECT
            machine_id,
            sensor_id,
            sum(readings)::bigint AS readings,
            min(first_recorded_at) AS first_recorded_at,
            max(last_known_at) AS last_known_at
        FROM sensors
        GROUP BY machine_id, sensor_id
    ) AS sums
    JOIN (
        SELECT DISTINCT ON (machine_id, sensor_id) newest_readings.*
        FROM newest_readings
        ORDER BY machine_id, sensor_id, clock_ahead, recorded_at DESC, partition
    ) AS newest USING (machine_id, sensor_id)
"""

# The same as of a moment: the last row of a minute before the begun one, and what of that one was known by then.
# The newest has the smallest array: not ahead, largest recorded_at, first in the log.
SEEN_THEN: Final = f"""
    WITH stretch AS MATERIALIZED (
        SELECT begun.series, begun.partition, begun."offset", begun.recorded_at, begun.known_at
        FROM ({BEGUN}) AS begun
    ),
    begun AS (
        SELECT
            series.machine_id,
            series.sensor_id,
            counted.partition,
            sum(counted.readings)::bigint AS readings,
            min(counted.first_recorded_at) AS first_recorded_at,
            max(counted.last_known_at) AS last_known_at,
            min(ARRAY[
                (newest.recorded_at > newest.known_at + interval '5 minutes')::int,
                - (extract(epoch FROM newest.recorded_at) * 1000000)::bigint,
                newest."offset"
            ]) AS newest
        FROM (
            SELECT
                series,
                partition,
                count(*) AS readings,
                min(recorded_at) AS first_recorded_at,
                max(known_at) AS last_known_at
            FROM stretch
            GROUP BY series, partition
        ) AS counted
        JOIN (
            SELECT DISTINCT ON (series, partition) stretch.*
            FROM stretch
            ORDER BY series, partition, recorded_at > known_at + interval '5 minutes', recorded_at DESC, "offset"
        ) AS newest USING (series, partition)
        JOIN series USING (series)
        GROUP BY series.machine_id, series.sensor_id, counted.partition
    ),
    known AS MATERIALIZED (
        SELECT
            sensors.machine_id,
            sensors.sensor_id,
            sensors.partition,
            coalesce(upto.readings, 0) + coalesce(begun.readings, 0) AS readings,
            least(upto.first_recorded_at, begun.first_recorded_at) AS first_recorded_at,
            greatest(upto.last_known_at, begun.last_known_at) AS last_known_at,
            least(upto.newest, begun.newest) AS newest
        FROM sensors
        LEFT JOIN begun USING (machine_id, sensor_id, partition)
        LEFT JOIN LATERAL (
            SELECT
                minutes.readings,
                minutes.first_recorded_at,
                minutes.last_known_at,
                ARRAY[
                    minutes.newest_clock_ahead::int,
                    - (extract(epoch FROM minutes.newest_recorded_at) * 1000000)::bigint,
                    minutes.newest_offset
                ] AS newest
            FROM sensor_minutes AS minutes
            WHERE minutes.machine_id = sensors.machine_id
                AND minutes.sensor_id = sensors.sensor_id
                AND minutes.partition = sensors.partition
                AND minutes.known_minute < %(begun_minute)s
            ORDER BY minutes.known_minute DESC
            LIMIT 1
        ) AS upto ON true
        WHERE upto.readings IS NOT NULL
            OR begun.readings IS NOT NULL
    )
    SELECT
        sums.machine_id,
        sums.sensor_id,
        series.profile,
        sums.readings,
        sums.first_recorded_at,
        sums.last_known_at,
        newest.recorded_at,
        newest.known_at AS newest_known_at,
        place.newest[1] = 1 AS clock_ahead,
        newest.partition,
        newest."offset",
        newest."values"
    FROM (
        SELECT
            machine_id,
            sensor_id,
            sum(readings)::bigint AS readings,
            min(first_recorded_at) AS first_recorded_at,
            max(last_known_at) AS last_known_at
        FROM known
        GROUP BY machine_id, sensor_id
    ) AS sums
    JOIN (
        SELECT DISTINCT ON (machine_id, sensor_id) machine_id, sensor_id, partition, newest
        FROM known
        ORDER BY machine_id, sensor_id, newest[1], newest[2], partition
    ) AS place USING (machine_id, sensor_id)
    JOIN readings AS newest
        ON newest.partition = place.partition
        AND newest."offset" = place.newest[3]
    JOIN series USING (series)
"""  # noqa: S608 - constants

# silent: nothing for 20 expected intervals (then a scorer starts the sensor's state anew as well), at least 10 s.
# late: the newest was taken over 5 minutes before the log got it, as one 5 minutes ahead of the log is clock_ahead.
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
            WHEN seen.newest_known_at - seen.recorded_at > interval '5 minutes' THEN 'late'
            ELSE 'ok'
        END AS state,
        seen.readings,
        seen.first_recorded_at,
        seen.recorded_at AS last_recorded_at,
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

# What there is of all sensors, or of one machine's.
EXTENT: Final = """
    SELECT
        min(first_recorded_at) AS data_starts_at,
        coalesce(max(recorded_at) FILTER (WHERE NOT clock_ahead), max(recorded_at)) AS data_ends_at
    FROM seen
    WHERE %(machine_id)s::text IS NULL OR machine_id = %(machine_id)s
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


def extent(cut: LogCut) -> str:
    """Return the statement of the first and last reading there is, or was at the cut."""
    return f"WITH seen AS ({SEEN_THEN if cut.as_of else SEEN_NOW}) {EXTENT}"


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
