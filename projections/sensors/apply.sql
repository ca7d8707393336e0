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

INSERT INTO newest_readings AS newest
    (machine_id, sensor_id, profile, event_id, recorded_at, known_at, partition, "offset", "values")
SELECT DISTINCT ON (machine_id, sensor_id)
    machine_id,
    sensor_id,
    profile,
    event_id,
    recorded_at,
    known_at,
    partition,
    "offset",
    "values"
FROM batch
WHERE event = 'SensorReadingRecorded'
ORDER BY machine_id, sensor_id, known_at DESC, partition DESC, "offset" DESC
ON CONFLICT (machine_id, sensor_id) DO UPDATE SET
    profile = EXCLUDED.profile,
    event_id = EXCLUDED.event_id,
    recorded_at = EXCLUDED.recorded_at,
    known_at = EXCLUDED.known_at,
    partition = EXCLUDED.partition,
    "offset" = EXCLUDED."offset",
    "values" = EXCLUDED."values"
WHERE (EXCLUDED.known_at, EXCLUDED.partition, EXCLUDED."offset")
    > (newest.known_at, newest.partition, newest."offset");
