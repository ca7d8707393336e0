"""What the swimlane asks: which lanes there are, what was measured and judged abnormal in each cell, since when.

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

# What kept readings from being judged: no model of their profile yet, a flag in the ledger (a late reading that was
# judged in its sensor's second lane has a score), or no scorer so far.
# A bucket whose offsets lie in such a stretch, or beside it, is decided by its first and last; one that reaches across
# a border is counted reading by reading.
COUNTS: Final = f"""
    WITH chosen AS MATERIALIZED (
        SELECT named.series, named.machine_id, lane.sensor_id, named.profile
        FROM unnest(%(machines)s::text[], %(sensors)s::text[]) AS lane (machine_id, sensor_id)
        JOIN bucket_series AS named
            ON named.machine_id = lane.machine_id
            AND (lane.sensor_id = '' OR named.sensor_id = lane.sensor_id)
        WHERE %(profile)s::text IS NULL OR named.profile = %(profile)s
    ),
    known AS MATERIALIZED (
        SELECT chosen.*, counts.starts_at, counts.known_from, counts.width_s, counts.readings, counts.partition,
            counts.first_offset, counts.last_offset
        FROM chosen
        JOIN reading_counts AS counts USING (series)
        WHERE counts.width_s = %(level_s)s
            AND counts.starts_at >= %(starts_at)s
            AND counts.starts_at < %(ends_at)s
            AND counts.known_from < coalesce(%(begun_level)s::timestamptz, 'infinity')
        UNION ALL
        SELECT chosen.*, counts.starts_at, counts.known_from, counts.width_s, counts.readings, counts.partition,
            counts.first_offset, counts.last_offset
        FROM chosen
        JOIN reading_counts AS counts USING (series)
        WHERE %(level_s)s = 86400
            AND counts.width_s = 3600
            AND counts.starts_at >= %(starts_at)s
            AND counts.starts_at < %(ends_at)s
            AND counts.known_from >= %(begun_day)s::timestamptz
            AND counts.known_from < %(begun_hour)s::timestamptz
        UNION ALL
        SELECT chosen.*, counts.starts_at, counts.known_from, counts.width_s, counts.readings, counts.partition,
            counts.first_offset, counts.last_offset
        FROM chosen
        JOIN reading_counts AS counts USING (series)
        WHERE %(level_s)s > 60
            AND counts.width_s = 60
            AND counts.starts_at >= %(starts_at)s
            AND counts.starts_at < %(ends_at)s
            AND counts.known_from >= %(begun_hour)s::timestamptz
            AND counts.known_from < %(begun_minute)s::timestamptz
        UNION ALL
        SELECT chosen.*, begun.recorded_at, begun.known_at, 0, 1, begun.partition, begun."offset", begun."offset"
        FROM ({BEGUN}) AS begun
        JOIN chosen USING (series)
        WHERE begun.recorded_at >= %(starts_at)s
            AND begun.recorded_at < %(ends_at)s
    ),
    bounds AS (
        SELECT partition, min(first_offset) AS lowest, max(last_offset) AS highest
        FROM known
        GROUP BY partition
    ),
    flags AS MATERIALIZED (
        SELECT
            bounds.partition,
            ledger_flags.partition AS ledger_partition,
            ledger_flags."offset" AS ledger_offset,
            ledger_flags.name,
            ledger_flags.first_offset,
            ledger_flags.next_offset
        FROM bounds
        JOIN ledger_flags
            ON ledger_flags.source_partition = bounds.partition
            AND ledger_flags.first_offset <= bounds.highest
            AND ledger_flags.next_offset > bounds.lowest
        JOIN ledger
            ON ledger.partition = ledger_flags.partition
            AND ledger."offset" = ledger_flags."offset"
        WHERE ledger_flags.name = ANY (%(not_judged)s)
            AND ledger.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    ),
    judged_late AS (
        SELECT
            flags.partition,
            range_agg(int8range(flags.first_offset + slot.place - 1, flags.first_offset + slot.place)) AS offsets
        FROM flags
        JOIN ledger_scores AS scored
            ON scored.partition = flags.ledger_partition
            AND scored."offset" = flags.ledger_offset
        CROSS JOIN LATERAL unnest(
            scored.scores[flags.first_offset - scored.from_offset + 1 : flags.next_offset - scored.from_offset]
        ) WITH ORDINALITY AS slot (score, place)
        WHERE flags.name = 'late'
            AND slot.score <> 'NaN'
        GROUP BY flags.partition
    ),
    flagged AS (
        SELECT ranges.partition, ranges.offsets - coalesce(judged_late.offsets, '{{}}') AS offsets
        FROM (
            SELECT partition, range_agg(int8range(first_offset, next_offset)) AS offsets
            FROM flags
            GROUP BY partition
        ) AS ranges
        LEFT JOIN judged_late USING (partition)
    ),
    scored AS (
        SELECT bounds.partition, last.next_offset
        FROM bounds
        CROSS JOIN LATERAL (
            SELECT ledger.next_offset
            FROM ledger
            WHERE ledger.source_partition = bounds.partition
                AND ledger.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
            ORDER BY ledger.from_offset DESC
            LIMIT 1
        ) AS last
    ),
    models AS (
        SELECT source_partition AS partition, profile, min(from_offset) AS from_offset
        FROM scoring_model_changes
        WHERE known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        GROUP BY source_partition, profile
    ),
    unjudged AS MATERIALIZED (
        SELECT
            place.partition,
            place.profile,
            coalesce(flagged.offsets, '{{}}')
                + int8multirange(int8range(NULL, models.from_offset))
                + int8multirange(int8range(scored.next_offset, NULL)) AS offsets
        FROM (SELECT DISTINCT partition, profile FROM known) AS place
        LEFT JOIN flagged USING (partition)
        LEFT JOIN scored USING (partition)
        LEFT JOIN models USING (partition, profile)
    )
    SELECT
        known.machine_id,
        known.sensor_id,
        date_bin(%(width)s, known.starts_at, %(starts_at)s) AS at,
        sum(known.readings)::bigint AS readings,
        sum(
            CASE
                WHEN NOT int8range(known.first_offset, known.last_offset, '[]') && unjudged.offsets THEN 0
                WHEN int8range(known.first_offset, known.last_offset, '[]') <@ unjudged.offsets THEN known.readings
                ELSE (
                    SELECT count(*)
                    FROM readings
                    WHERE readings.series = known.series
                        AND readings.recorded_at >= known.starts_at
                        AND readings.recorded_at < known.starts_at + known.width_s * interval '1 s'
                        AND readings.known_at >= known.known_from
                        AND readings.known_at < known.known_from + known.width_s * interval '1 s'
                        AND readings.partition = known.partition
                        AND readings."offset" <@ unjudged.offsets
                )
            END
        )::bigint AS not_judged
    FROM known
    JOIN unjudged USING (partition, profile)
    GROUP BY known.machine_id, known.sensor_id, at
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

NOT_JUDGED: Final = ("late", "duplicate", "clock_ahead", "unjudged")
"""Flags of the ledger that say that a reading was not judged. Not among them is `unscored`, which all have before the
first model of their profile: that is known from where that model began."""

MOST_VERDICTS: Final = 2000
"""How far back a lane's run of verdicts is followed; a longer one is said to have begun with the first of these."""
