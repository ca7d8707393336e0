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
    (machine_id, sensor_id, readings, first_recorded_at, last_recorded_at, first_known_at)
SELECT
    machine_id,
    sensor_id,
    count(*),
    min(recorded_at),
    max(recorded_at),
    min(known_at)
FROM batch
WHERE event = 'SensorReadingRecorded'
GROUP BY machine_id, sensor_id
ON CONFLICT (machine_id, sensor_id) DO UPDATE SET
    readings = sensor.readings + EXCLUDED.readings,
    first_recorded_at = least(sensor.first_recorded_at, EXCLUDED.first_recorded_at),
    last_recorded_at = greatest(sensor.last_recorded_at, EXCLUDED.last_recorded_at),
    first_known_at = least(sensor.first_known_at, EXCLUDED.first_known_at);

-- Within a partition known_at never falls, so its largest offset is its newest: that needs no sorting of the batch.
INSERT INTO newest_readings AS newest
    (machine_id, sensor_id, profile, event_id, recorded_at, last_known_at, partition, "offset", "values")
SELECT DISTINCT ON (batch.machine_id, batch.sensor_id)
    batch.machine_id,
    batch.sensor_id,
    batch.profile,
    batch.event_id,
    batch.recorded_at,
    batch.known_at,
    batch.partition,
    batch."offset",
    batch."values"
FROM (
    SELECT partition, max("offset") AS "offset"
    FROM batch
    WHERE event = 'SensorReadingRecorded'
    GROUP BY machine_id, sensor_id, partition
) AS last
JOIN batch
    ON batch.partition = last.partition
    AND batch."offset" = last."offset"
WHERE batch.event = 'SensorReadingRecorded'
ORDER BY batch.machine_id, batch.sensor_id, batch.known_at DESC, batch.partition DESC, batch."offset" DESC
ON CONFLICT (machine_id, sensor_id) DO UPDATE SET
    profile = EXCLUDED.profile,
    event_id = EXCLUDED.event_id,
    recorded_at = EXCLUDED.recorded_at,
    last_known_at = EXCLUDED.last_known_at,
    partition = EXCLUDED.partition,
    "offset" = EXCLUDED."offset",
    "values" = EXCLUDED."values"
WHERE (EXCLUDED.last_known_at, EXCLUDED.partition, EXCLUDED."offset")
    > (newest.last_known_at, newest.partition, newest."offset");

INSERT INTO sensor_minutes AS known (
    machine_id, sensor_id, known_minute, readings, first_recorded_at, last_recorded_at, last_known_at, partition,
    "offset"
)
SELECT
    machine_id,
    sensor_id,
    known_minute,
    sum(readings)::bigint,
    min(first_recorded_at),
    max(last_recorded_at),
    max(last_known_at),
    (array_agg(partition ORDER BY last_known_at DESC, partition DESC))[1],
    (array_agg("offset" ORDER BY last_known_at DESC, partition DESC))[1]
FROM (
    SELECT
        machine_id,
        sensor_id,
        partition,
        date_bin('1 minute', known_at, 'epoch') AS known_minute,
        count(*) AS readings,
        min(recorded_at) AS first_recorded_at,
        max(recorded_at) AS last_recorded_at,
        max(known_at) AS last_known_at,
        max("offset") AS "offset"
    FROM batch
    WHERE event = 'SensorReadingRecorded'
    GROUP BY 1, 2, 3, 4
) AS by_partition
GROUP BY machine_id, sensor_id, known_minute
ON CONFLICT (machine_id, sensor_id, known_minute) DO UPDATE SET
    readings = known.readings + EXCLUDED.readings,
    first_recorded_at = least(known.first_recorded_at, EXCLUDED.first_recorded_at),
    last_recorded_at = greatest(known.last_recorded_at, EXCLUDED.last_recorded_at),
    (last_known_at, partition, "offset") = (
        SELECT place.*
        FROM (
            VALUES
                (known.last_known_at, known.partition, known."offset"),
                (EXCLUDED.last_known_at, EXCLUDED.partition, EXCLUDED."offset")
        ) AS place (last_known_at, partition, "offset")
        ORDER BY place.last_known_at DESC, place.partition DESC, place."offset" DESC
        LIMIT 1
    );
