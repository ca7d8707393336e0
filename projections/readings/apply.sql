-- Repeatable by the checkpoint alone: a record is inserted once, under its position. `series` depends on the
-- set of readings only; the names' lengths stand before them, since a name may hold any character.

INSERT INTO series (series, machine_id, sensor_id, profile)
SELECT
    hashtextextended(length(machine_id) || '/' || length(sensor_id) || '/' || machine_id || sensor_id || profile, 0),
    machine_id,
    sensor_id,
    profile
FROM batch
GROUP BY machine_id, sensor_id, profile
ON CONFLICT (machine_id, sensor_id, profile) DO NOTHING;

INSERT INTO readings ("offset", series, recorded_at, known_at, event_id, partition, anomaly_type, "values")
SELECT
    "offset",
    hashtextextended(length(machine_id) || '/' || length(sensor_id) || '/' || machine_id || sensor_id || profile, 0),
    recorded_at,
    known_at,
    event_id,
    partition,
    CASE
        WHEN anomaly_injected IS NULL THEN coalesce(anomaly_type, '')
        WHEN anomaly_injected THEN coalesce(anomaly_type, 'unnamed')
        ELSE 'none'
    END,
    "values"
FROM batch;
