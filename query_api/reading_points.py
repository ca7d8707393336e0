"""Statements over one sensor's readings in a range, whichever versions of its profile they name.

`map_…` are parallel lists: the channel of a profile and the place in the answer at which it stands.
"""

from typing import Final

from query_api.log_cut import BEGUN

PLACES: Final = """
    unnest(%(map_profiles)s::text[], %(map_channels)s::int[], %(map_places)s::int[]) AS mapped (profile, channel, place)
"""

# Channels of the newest profile first, then those that only other profiles with readings in the range have.
CHANNELS_IN_RANGE: Final = """
    SELECT
        profiles.profile,
        channels.channel,
        channels.name,
        channels.unit,
        channels.role,
        channels.minimum,
        channels.maximum
    FROM series
    JOIN profiles USING (profile)
    JOIN channels USING (profile)
    WHERE series.machine_id = %(machine_id)s
        AND series.sensor_id = %(sensor_id)s
        AND profiles.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        AND (
            profiles.profile = %(profile)s
            OR EXISTS (
                SELECT
                FROM readings
                WHERE readings.series = series.series
                    AND readings.recorded_at >= %(starts_at)s
                    AND readings.recorded_at < %(ends_at)s
                    AND readings.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
            )
        )
    ORDER BY profiles.profile <> %(profile)s, profiles.name, profiles.version DESC, channels.channel
"""

COUNT: Final = """
    SELECT count(*) AS readings
    FROM (
        SELECT
        FROM series
        JOIN readings USING (series)
        WHERE series.machine_id = %(machine_id)s
            AND series.sensor_id = %(sensor_id)s
            AND readings.recorded_at >= %(starts_at)s
            AND readings.recorded_at < %(ends_at)s
            AND readings.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        LIMIT %(most)s
    ) AS counted
"""

RAW: Final = """
    SELECT series.profile, readings.recorded_at AS at, readings."values"
    FROM series
    JOIN readings USING (series)
    WHERE series.machine_id = %(machine_id)s
        AND series.sensor_id = %(sensor_id)s
        AND readings.recorded_at >= %(starts_at)s
        AND readings.recorded_at < %(ends_at)s
        AND readings.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    ORDER BY readings.recorded_at, readings.partition, readings."offset"
"""

RAW_IN_BUCKETS: Final = f"""
    WITH measured AS (
        SELECT
            date_bin(%(width)s, readings.recorded_at, 'epoch') AS at,
            listed.place,
            count(*) AS readings,
            min(slot.value) AS lowest,
            avg(slot.value) AS mean,
            max(slot.value) AS highest
        FROM series
        JOIN readings USING (series)
        CROSS JOIN generate_series(1, %(places)s) AS listed (place)
        LEFT JOIN {PLACES} ON mapped.profile = series.profile AND mapped.place = listed.place
        CROSS JOIN LATERAL (SELECT nullif(readings."values"[mapped.channel], 'NaN')) AS slot (value)
        WHERE series.machine_id = %(machine_id)s
            AND series.sensor_id = %(sensor_id)s
            AND readings.recorded_at >= %(starts_at)s
            AND readings.recorded_at < %(ends_at)s
            AND readings.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        GROUP BY at, listed.place
    )
    SELECT
        at,
        max(readings) AS readings,
        array_agg(lowest ORDER BY place) AS lowest,
        array_agg(mean ORDER BY place) AS mean,
        array_agg(highest ORDER BY place) AS highest
    FROM measured
    GROUP BY at
    ORDER BY at
"""  # noqa: S608 - constants

# `stretch_…`: buckets of which width are taken, of what became known when; see LogCut.stretches.
MINUTES_IN_BUCKETS: Final = f"""
    WITH mine AS (
        SELECT series, profile
        FROM bucket_series
        WHERE machine_id = %(machine_id)s
            AND sensor_id = %(sensor_id)s
    ),
    stretches AS (
        SELECT *
        FROM unnest(%(stretch_widths)s::int[], %(stretch_from)s::timestamptz[], %(stretch_to)s::timestamptz[])
            AS stretch (width_s, known_from, known_before)
    ),
    begun_now AS (
        SELECT mine.profile, begun.recorded_at, begun."values"
        FROM ({BEGUN}) AS begun
        JOIN mine USING (series)
        WHERE begun.recorded_at >= %(starts_at)s
            AND begun.recorded_at
                < date_bin(%(level)s, %(ends_at)s - interval '1 microsecond', 'epoch') + %(level)s
    ),
    counted AS (
        SELECT date_bin(%(width)s, known.at, 'epoch') AS at, sum(known.readings)::bigint AS readings
        FROM (
            SELECT counts.starts_at AS at, counts.readings
            FROM mine
            CROSS JOIN stretches
            JOIN reading_counts AS counts
                ON counts.series = mine.series
                AND counts.width_s = stretches.width_s
                AND counts.known_from >= stretches.known_from
                AND counts.known_from < stretches.known_before
            WHERE counts.starts_at >= %(starts_at)s
                AND counts.starts_at < %(ends_at)s
            UNION ALL
            SELECT recorded_at, 1
            FROM begun_now
        ) AS known
        GROUP BY 1
    ),
    measured AS (
        SELECT
            date_bin(%(width)s, known.at, 'epoch') AS at,
            mapped.place,
            min(known.minimum) AS lowest,
            (sum(known.total) / sum(known.readings))::float8 AS mean,
            max(known.maximum) AS highest
        FROM (
            SELECT mine.profile, buckets.channel, buckets.starts_at AS at, buckets.readings, buckets.minimum,
                buckets.maximum, buckets.total
            FROM mine
            CROSS JOIN stretches
            JOIN reading_buckets AS buckets
                ON buckets.series = mine.series
                AND buckets.width_s = stretches.width_s
                AND buckets.known_from >= stretches.known_from
                AND buckets.known_from < stretches.known_before
            WHERE buckets.starts_at >= %(starts_at)s
                AND buckets.starts_at < %(ends_at)s
            UNION ALL
            SELECT begun_now.profile, slot.channel, begun_now.recorded_at, 1, slot.value + 0.0, slot.value + 0.0,
                slot.value::numeric
            FROM begun_now
            CROSS JOIN LATERAL unnest(begun_now."values") WITH ORDINALITY AS slot (value, channel)
            WHERE slot.value <> 'NaN'
        ) AS known
        JOIN {PLACES} USING (profile, channel)
        GROUP BY 1, 2
    ),
    placed AS (
        SELECT counted.at, counted.readings, listed.place, measured.lowest, measured.mean, measured.highest
        FROM counted
        CROSS JOIN generate_series(1, %(places)s) AS listed (place)
        LEFT JOIN measured ON measured.at = counted.at AND measured.place = listed.place
    )
    SELECT
        at,
        readings,
        array_agg(lowest ORDER BY place) AS lowest,
        array_agg(mean ORDER BY place) AS mean,
        array_agg(highest ORDER BY place) AS highest
    FROM placed
    GROUP BY at, readings
    ORDER BY at
"""  # noqa: S608 - constants
