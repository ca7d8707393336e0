-- Count, minimum, maximum and an exact sum: the same in any order and any batching; the checkpoint keeps a
-- record from being counted twice. Hours and days are summed up from the batch's minutes.

INSERT INTO bucket_series (series, machine_id, sensor_id, profile)
SELECT
    hashtextextended(length(machine_id) || '/' || length(sensor_id) || '/' || machine_id || sensor_id || profile, 0),
    machine_id,
    sensor_id,
    profile
FROM batch
GROUP BY machine_id, sensor_id, profile
ON CONFLICT (machine_id, sensor_id, profile) DO NOTHING;

WITH minutes AS MATERIALIZED (
    SELECT
        hashtextextended(
            length(machine_id) || '/' || length(sensor_id) || '/' || machine_id || sensor_id || profile, 0
        ) AS series,
        partition,
        date_bin('1 minute', recorded_at, 'epoch') AS starts_at,
        date_bin('1 minute', known_at, 'epoch') AS known_from,
        count(*) AS readings,
        min("offset") AS first_offset,
        max("offset") AS last_offset
    FROM batch
    GROUP BY machine_id, sensor_id, profile, 2, 3, 4
)
INSERT INTO reading_counts AS bucket
    (series, width_s, partition, starts_at, known_from, readings, first_offset, last_offset)
SELECT
    series,
    width_s,
    partition,
    date_bin(make_interval(secs => width_s), starts_at, 'epoch'),
    date_bin(make_interval(secs => width_s), known_from, 'epoch'),
    sum(readings)::bigint,
    min(first_offset),
    max(last_offset)
FROM minutes
CROSS JOIN (VALUES (60), (3600), (86400)) AS wide (width_s)
GROUP BY 1, 2, 3, 4, 5
ON CONFLICT (series, width_s, starts_at, known_from, partition) DO UPDATE SET
    readings = bucket.readings + EXCLUDED.readings,
    first_offset = least(bucket.first_offset, EXCLUDED.first_offset),
    last_offset = greatest(bucket.last_offset, EXCLUDED.last_offset);

-- `+ 0.0` turns minus zero into zero, which compare equal and print apart.
WITH minutes AS MATERIALIZED (
    SELECT
        hashtextextended(
            length(machine_id) || '/' || length(sensor_id) || '/' || machine_id || sensor_id || profile, 0
        ) AS series,
        measured.channel,
        date_bin('1 minute', recorded_at, 'epoch') AS starts_at,
        date_bin('1 minute', known_at, 'epoch') AS known_from,
        count(*) AS readings,
        min(measured.value + 0.0) AS minimum,
        max(measured.value + 0.0) AS maximum,
        sum(measured.value::numeric) AS total
    FROM batch
    CROSS JOIN LATERAL unnest("values") WITH ORDINALITY AS measured (value, channel)
    WHERE measured.value <> 'NaN'
    GROUP BY machine_id, sensor_id, profile, 2, 3, 4
)
INSERT INTO reading_buckets AS bucket
    (series, width_s, channel, starts_at, known_from, readings, minimum, maximum, total)
SELECT
    series,
    width_s,
    channel,
    date_bin(make_interval(secs => width_s), starts_at, 'epoch'),
    date_bin(make_interval(secs => width_s), known_from, 'epoch'),
    sum(readings)::bigint,
    min(minimum),
    max(maximum),
    sum(total)
FROM minutes
CROSS JOIN (VALUES (60), (3600), (86400)) AS wide (width_s)
GROUP BY 1, 2, 3, 4, 5
ON CONFLICT (series, width_s, starts_at, channel, known_from) DO UPDATE SET
    readings = bucket.readings + EXCLUDED.readings,
    minimum = least(bucket.minimum, EXCLUDED.minimum),
    maximum = greatest(bucket.maximum, EXCLUDED.maximum),
    total = bucket.total + EXCLUDED.total;
