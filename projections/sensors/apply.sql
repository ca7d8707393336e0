-- Each topic feeds its own tables; they meet in queries only. First description, count, minimum, maximum and
-- newest-by-position are the same in any order; the checkpoint keeps a reading from being counted twice.

INSERT INTO profiles (profile, name, version, expected_interval_s, known_at, "offset")
SELECT DISTINCT ON (name, version)
    name || '@' || version,
    name,
    version,
    expected_interval_s,
    known_at,
    "offset"
FROM batch
WHERE event = 'ProfileDefined'
ORDER BY name, version, "offset"
ON CONFLICT DO NOTHING;

INSERT INTO channels (profile, channel, name, unit, role, minimum, maximum)
SELECT
    profiles.profile,
    listed.channel,
    listed.described ->> 'name',
    listed.described ->> 'unit',
    listed.described ->> 'role',
    (listed.described ->> 'minimum')::float8,
    (listed.described ->> 'maximum')::float8
FROM batch
JOIN profiles
    ON profiles.name = batch.name
    AND profiles.version = batch.version
    AND profiles."offset" = batch."offset" -- the description that counts
CROSS JOIN LATERAL jsonb_array_elements(batch.channels) WITH ORDINALITY AS listed (described, channel)
WHERE batch.event = 'ProfileDefined';

INSERT INTO sensors AS sensor
    (machine_id, sensor_id, partition, readings, first_recorded_at, first_known_at, last_known_at)
SELECT
    machine_id,
    sensor_id,
    partition,
    count(*),
    min(recorded_at),
    min(known_at),
    max(known_at)
FROM batch
WHERE event = 'SensorReadingRecorded'
GROUP BY machine_id, sensor_id, partition
ON CONFLICT (machine_id, sensor_id, partition) DO UPDATE SET
    readings = sensor.readings + EXCLUDED.readings,
    first_recorded_at = least(sensor.first_recorded_at, EXCLUDED.first_recorded_at),
    last_known_at = EXCLUDED.last_known_at; -- it never falls within a partition

-- The newest has the smallest array: not ahead of the log's clock, largest recorded_at, first in the log. That sorts
-- nothing.
INSERT INTO newest_readings AS newest (
    machine_id, sensor_id, partition, profile, event_id, recorded_at, newest_known_at, "offset", clock_ahead, "values"
)
SELECT
    batch.machine_id,
    batch.sensor_id,
    batch.partition,
    batch.profile,
    batch.event_id,
    batch.recorded_at,
    batch.known_at,
    batch."offset",
    batch.recorded_at > batch.known_at + interval '5 minutes',
    batch."values"
FROM (
    SELECT
        partition,
        (min(ARRAY[
            (recorded_at > known_at + interval '5 minutes')::int,
            - (extract(epoch FROM recorded_at) * 1000000)::bigint,
            "offset"
        ]))[3] AS "offset"
    FROM batch
    WHERE event = 'SensorReadingRecorded'
    GROUP BY machine_id, sensor_id, partition
) AS first
JOIN batch
    ON batch.partition = first.partition
    AND batch."offset" = first."offset"
WHERE batch.event = 'SensorReadingRecorded'
ON CONFLICT (machine_id, sensor_id, partition) DO UPDATE SET
    profile = EXCLUDED.profile,
    event_id = EXCLUDED.event_id,
    recorded_at = EXCLUDED.recorded_at,
    newest_known_at = EXCLUDED.newest_known_at,
    "offset" = EXCLUDED."offset",
    clock_ahead = EXCLUDED.clock_ahead,
    "values" = EXCLUDED."values"
WHERE (EXCLUDED.clock_ahead, newest.recorded_at) < (newest.clock_ahead, EXCLUDED.recorded_at);

-- Each row says how things stood at the end of its minute: the sums over the batch's minutes upon the last row before
-- them, which within a partition is never of a later minute.
WITH minutes AS (
    SELECT
        machine_id,
        sensor_id,
        partition,
        date_bin('1 minute', known_at, 'epoch') AS known_minute,
        count(*) AS readings,
        min(recorded_at) AS first_recorded_at,
        max(known_at) AS last_known_at,
        min(ARRAY[
            (recorded_at > known_at + interval '5 minutes')::int,
            - (extract(epoch FROM recorded_at) * 1000000)::bigint,
            "offset"
        ]) AS newest
    FROM batch
    WHERE event = 'SensorReadingRecorded'
    GROUP BY 1, 2, 3, 4
),
sums AS (
    SELECT
        machine_id,
        sensor_id,
        partition,
        known_minute,
        sum(readings) OVER upto AS readings,
        min(first_recorded_at) OVER upto AS first_recorded_at,
        last_known_at,
        min(newest) OVER upto AS newest
    FROM minutes
    WINDOW upto AS (PARTITION BY machine_id, sensor_id, partition ORDER BY known_minute)
)
INSERT INTO sensor_minutes (
    machine_id, sensor_id, partition, known_minute, readings, first_recorded_at, last_known_at, newest_recorded_at,
    newest_offset, newest_clock_ahead
)
SELECT
    sums.machine_id,
    sums.sensor_id,
    sums.partition,
    sums.known_minute,
    sums.readings + coalesce(before.readings, 0),
    least(sums.first_recorded_at, before.first_recorded_at),
    sums.last_known_at,
    timestamptz 'epoch' - best.newest[2] * interval '1 microsecond',
    best.newest[3],
    best.newest[1] = 1
FROM sums
LEFT JOIN LATERAL (
    SELECT
        readings,
        first_recorded_at,
        ARRAY[
            newest_clock_ahead::int,
            - (extract(epoch FROM newest_recorded_at) * 1000000)::bigint,
            newest_offset
        ] AS newest
    FROM sensor_minutes
    WHERE sensor_minutes.machine_id = sums.machine_id
        AND sensor_minutes.sensor_id = sums.sensor_id
        AND sensor_minutes.partition = sums.partition
    ORDER BY known_minute DESC
    LIMIT 1
) AS before ON true
CROSS JOIN LATERAL (SELECT least(sums.newest, before.newest) AS newest) AS best
ON CONFLICT (machine_id, sensor_id, partition, known_minute) DO UPDATE SET
    readings = EXCLUDED.readings,
    first_recorded_at = EXCLUDED.first_recorded_at,
    last_known_at = EXCLUDED.last_known_at,
    newest_recorded_at = EXCLUDED.newest_recorded_at,
    newest_offset = EXCLUDED.newest_offset,
    newest_clock_ahead = EXCLUDED.newest_clock_ahead;
