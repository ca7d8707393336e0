"""What the swimlane asks of each cell: how many readings it has, and how many of them were not judged."""

from typing import Final

from query_api.log_cut import BEGUN

NOT_JUDGED: Final = ("late", "duplicate", "clock_ahead", "unjudged")
"""Flags of the ledger that say that a reading was not judged. Not among them is `unscored`, which all have before the
first model of their profile: that is known from where that model began."""

# A partition's readings of a profile are judged from its first model on up to where the scorer is. A bucket whose
# offsets lie on one side of such a border is decided by its first and last; one that reaches across is counted by its
# minutes, and the minute at the border reading by reading. Between the borders stand those that a flag of the ledger
# says were not judged; a late reading that was judged in its sensor's second lane has a score.
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
    islands AS MATERIALIZED (
        SELECT ranges.partition, lower(island) AS first_offset, upper(island) AS next_offset
        FROM (
            SELECT
                flags.partition,
                range_agg(
                    int8range(greatest(flags.first_offset, bounds.lowest), least(flags.next_offset, bounds.highest + 1))
                ) AS offsets
            FROM flags
            JOIN bounds USING (partition)
            GROUP BY flags.partition
        ) AS ranges
        LEFT JOIN judged_late USING (partition)
        CROSS JOIN LATERAL unnest(ranges.offsets - coalesce(judged_late.offsets, '{{}}')) AS island
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
    judging AS MATERIALIZED (
        SELECT
            place.partition,
            place.profile,
            coalesce(models.from_offset, 9223372036854775807) AS from_offset,
            coalesce(scored.next_offset, 0) AS next_offset
        FROM (SELECT DISTINCT partition, profile FROM known) AS place
        LEFT JOIN scored USING (partition)
        LEFT JOIN models USING (partition, profile)
    ),
    cells AS (
        SELECT
            known.machine_id,
            known.sensor_id,
            date_bin(%(width)s, known.starts_at, %(starts_at)s) AS at,
            sum(known.readings)::bigint AS readings,
            sum(
                CASE
                    WHEN known.last_offset < judging.from_offset OR known.first_offset >= judging.next_offset
                        THEN known.readings
                    WHEN known.first_offset >= judging.from_offset AND known.last_offset < judging.next_offset THEN 0
                    ELSE (
                        SELECT sum(
                            CASE
                                WHEN minutes.last_offset < judging.from_offset
                                    OR minutes.first_offset >= judging.next_offset
                                    THEN minutes.readings
                                WHEN minutes.first_offset >= judging.from_offset
                                    AND minutes.last_offset < judging.next_offset
                                    THEN 0
                                ELSE (
                                    SELECT count(*)
                                    FROM readings
                                    WHERE readings.series = known.series
                                        AND readings.recorded_at >= minutes.starts_at
                                        AND readings.recorded_at < minutes.starts_at + interval '1 minute'
                                        AND readings.known_at >= minutes.known_from
                                        AND readings.known_at < minutes.known_from + interval '1 minute'
                                        AND readings.partition = known.partition
                                        AND (
                                            readings."offset" < judging.from_offset
                                            OR readings."offset" >= judging.next_offset
                                        )
                                )
                            END
                        )
                        FROM reading_counts AS minutes
                        WHERE minutes.series = known.series
                            AND minutes.width_s = 60
                            AND minutes.partition = known.partition
                            AND minutes.starts_at >= known.starts_at
                            AND minutes.starts_at < known.starts_at + known.width_s * interval '1 s'
                            AND minutes.known_from >= known.known_from
                            AND minutes.known_from < known.known_from + known.width_s * interval '1 s'
                    )
                END
            )::bigint AS outside
        FROM known
        JOIN judging USING (partition, profile)
        GROUP BY known.machine_id, known.sensor_id, at
    ),
    flagged AS (
        SELECT
            chosen.machine_id,
            chosen.sensor_id,
            date_bin(%(width)s, held.recorded_at, %(starts_at)s) AS at,
            count(*) AS readings
        FROM islands
        CROSS JOIN LATERAL (
            SELECT readings.series, readings.recorded_at, readings.known_at, readings."offset"
            FROM readings
            WHERE readings.partition = islands.partition
                AND readings."offset" >= islands.first_offset
                AND readings."offset" < islands.next_offset
            OFFSET 0 -- looked up by its offsets, island by island
        ) AS held
        JOIN chosen USING (series)
        JOIN judging
            ON judging.partition = islands.partition
            AND judging.profile = chosen.profile
        WHERE held.recorded_at >= %(starts_at)s
            AND held.recorded_at < %(ends_at)s
            AND held.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
            AND held."offset" >= judging.from_offset
            AND held."offset" < judging.next_offset
        GROUP BY 1, 2, 3
    )
    SELECT
        cells.machine_id,
        cells.sensor_id,
        cells.at,
        cells.readings,
        cells.outside + coalesce(flagged.readings, 0) AS not_judged
    FROM cells
    LEFT JOIN flagged USING (machine_id, sensor_id, at)
"""  # noqa: S608 - constants
