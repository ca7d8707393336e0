"""What the swimlane asks: which lanes there are, what was judged abnormal in each cell, since when.

Counts come from buckets of minutes, hours or days of UTC, whichever are the widest that a cell is made of. As of an
earlier time they are those that were known in whole days, then the hours of the begun day, then the minutes of the
begun hour, then the readings of the begun minute.
"""

from typing import Final

from query_api.log_cut import BEGUN

WIDTHS_S: Final = (86_400, 3600, 60)

# Verdicts of the range.
VERDICTS: Final = """
    SELECT anomalies.*
    FROM anomalies
    WHERE anomalies.recorded_at >= %(starts_at)s
        AND anomalies.recorded_at < %(ends_at)s
        AND anomalies.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        AND (%(machine_id)s::text IS NULL OR anomalies.machine_id = %(machine_id)s)
        AND (%(profile)s::text IS NULL OR anomalies.profile = %(profile)s)
"""

# Machines or sensors with data or verdicts in the range, worst first; sensor_id '' where lanes are machines.
LANES: Final = f"""
    WITH begun AS MATERIALIZED (
        SELECT DISTINCT begun.series
        FROM ({BEGUN}) AS begun
        WHERE begun.recorded_at >= %(starts_at)s
            AND begun.recorded_at < %(ends_at)s
    ),
    present AS (
        SELECT
            named.machine_id,
            CASE WHEN %(by_sensor)s THEN named.sensor_id ELSE '' END AS sensor_id,
            max(named.profile) AS profile
        FROM bucket_series AS named
        WHERE (%(machine_id)s::text IS NULL OR named.machine_id = %(machine_id)s)
            AND (%(profile)s::text IS NULL OR named.profile = %(profile)s)
            AND (
                EXISTS (
                    SELECT
                    FROM reading_counts AS counts
                    WHERE counts.series = named.series
                        AND counts.width_s = %(level_s)s
                        AND counts.starts_at >= %(starts_at)s
                        AND counts.starts_at < %(ends_at)s
                        AND counts.known_from < coalesce(%(begun_level)s::timestamptz, 'infinity')
                )
                OR (%(level_s)s = 86400 AND %(begun_day)s::timestamptz IS NOT NULL AND EXISTS (
                    SELECT
                    FROM reading_counts AS counts
                    WHERE counts.series = named.series
                        AND counts.width_s = 3600
                        AND counts.starts_at >= %(starts_at)s
                        AND counts.starts_at < %(ends_at)s
                        AND counts.known_from >= %(begun_day)s
                        AND counts.known_from < %(begun_hour)s
                ))
                OR (%(level_s)s > 60 AND %(begun_hour)s::timestamptz IS NOT NULL AND EXISTS (
                    SELECT
                    FROM reading_counts AS counts
                    WHERE counts.series = named.series
                        AND counts.width_s = 60
                        AND counts.starts_at >= %(starts_at)s
                        AND counts.starts_at < %(ends_at)s
                        AND counts.known_from >= %(begun_hour)s
                        AND counts.known_from < %(begun_minute)s
                ))
                OR named.series IN (SELECT begun.series FROM begun)
            )
        GROUP BY 1, 2
    ),
    peaks AS (
        SELECT
            machine_id,
            CASE WHEN %(by_sensor)s THEN sensor_id ELSE '' END AS sensor_id,
            max(profile) AS profile,
            max(score) AS worst_score
        FROM ({VERDICTS}) AS verdicts
        GROUP BY 1, 2
    )
    SELECT
        machine_id,
        sensor_id,
        greatest(present.profile, peaks.profile) AS profile,
        peaks.worst_score,
        count(*) OVER () AS lanes_in_all
    FROM present
    FULL JOIN peaks USING (machine_id, sensor_id)
    ORDER BY coalesce(peaks.worst_score, 0) DESC, machine_id COLLATE "C", sensor_id COLLATE "C"
    LIMIT %(top)s
"""  # noqa: S608 - constants

WORST: Final = f"""
    SELECT
        lane.machine_id,
        lane.sensor_id,
        date_bin(%(width)s, verdicts.recorded_at, %(starts_at)s) AS at,
        count(*) AS anomalies,
        max(verdicts.score) AS score
    FROM unnest(%(machines)s::text[], %(sensors)s::text[]) AS lane (machine_id, sensor_id)
    JOIN ({VERDICTS}) AS verdicts
        ON verdicts.machine_id = lane.machine_id
        AND (lane.sensor_id = '' OR verdicts.sensor_id = lane.sensor_id)
    GROUP BY lane.machine_id, lane.sensor_id, at
"""  # noqa: S608 - constants

# The first verdict of the run that each lane's last verdict before the range's end belongs to, however long before the
# range that began. A run ends as an episode does: 15 minutes, or 10 expected intervals, without a verdict.
SINCE: Final = """
    SELECT lane.machine_id, lane.sensor_id, run.since
    FROM unnest(%(machines)s::text[], %(sensors)s::text[]) AS lane (machine_id, sensor_id)
    CROSS JOIN LATERAL (
        SELECT max(numbered.recorded_at) FILTER (WHERE numbered.begins) AS since
        FROM (
            SELECT
                latest.recorded_at,
                coalesce(
                    latest.recorded_at - lag(latest.recorded_at) OVER (ORDER BY latest.recorded_at)
                        > greatest(interval '15 minutes', coalesce(profiles.expected_interval_s, 0) * interval '10 s'),
                    true
                ) AS begins
            FROM (
                SELECT anomalies.recorded_at, anomalies.profile
                FROM anomalies
                WHERE anomalies.machine_id = lane.machine_id
                    AND (lane.sensor_id = '' OR anomalies.sensor_id = lane.sensor_id)
                    AND anomalies.recorded_at < %(ends_at)s
                    AND anomalies.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
                ORDER BY anomalies.recorded_at DESC
                LIMIT %(most_verdicts)s
            ) AS latest
            LEFT JOIN profiles USING (profile)
        ) AS numbered
    ) AS run
    WHERE run.since IS NOT NULL
"""

MOST_VERDICTS: Final = 2000
"""How far back a lane's run of verdicts is followed; a longer one is said to have begun with the first of these."""
