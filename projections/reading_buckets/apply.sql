-- Count, minimum, maximum and an exact sum: the same in any order and any batching; the checkpoint keeps a
-- record from being counted twice. `+ 0.0` turns minus zero into zero, which compare equal and print apart.

INSERT INTO reading_buckets AS bucket
    (machine_id, sensor_id, profile, channel, minute, known_minute, readings, minimum, maximum, total)
SELECT
    machine_id,
    sensor_id,
    profile,
    measured.channel,
    date_trunc('minute', recorded_at, 'UTC'),
    date_trunc('minute', known_at, 'UTC'),
    count(*),
    min(measured.value + 0.0),
    max(measured.value + 0.0),
    sum(measured.value::numeric)
FROM batch
CROSS JOIN LATERAL unnest("values") WITH ORDINALITY AS measured (value, channel)
WHERE measured.value <> 'NaN'
GROUP BY 1, 2, 3, 4, 5, 6
ON CONFLICT (machine_id, sensor_id, profile, channel, minute, known_minute) DO UPDATE SET
    readings = bucket.readings + EXCLUDED.readings,
    minimum = least(bucket.minimum, EXCLUDED.minimum),
    maximum = greatest(bucket.maximum, EXCLUDED.maximum),
    total = bucket.total + EXCLUDED.total;
