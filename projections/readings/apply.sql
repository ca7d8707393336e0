-- Repeatable by the checkpoint alone: a record is inserted once, under its position. A reading that the partition has
-- already (the same id, of the same sensor, taken at the same time) is not inserted again; batch holds it once. That is
-- looked up in the time index; before there is one, repeats are let in, and removed when it is made.
-- `series` depends on the readings kept only; the names' lengths stand before them, since a name may hold any character.

WITH kept AS (
    INSERT INTO readings ("offset", series, recorded_at, known_at, event_id, partition, anomaly_type, "values")
    SELECT
        "offset",
        hashtextextended(
            length(machine_id) || '/' || length(sensor_id) || '/' || machine_id || sensor_id || profile, 0
        ),
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
    FROM batch
    WHERE (
        SELECT true
        FROM series
        JOIN readings AS earlier USING (series)
        WHERE to_regclass('readings_time') IS NOT NULL
            AND series.machine_id = batch.machine_id
            AND series.sensor_id = batch.sensor_id
            AND earlier.recorded_at = batch.recorded_at
            AND earlier.event_id = batch.event_id
            AND earlier.partition = batch.partition
        LIMIT 1
    ) IS NULL
    RETURNING series
)
INSERT INTO series (series, machine_id, sensor_id, profile)
SELECT named.series, named.machine_id, named.sensor_id, named.profile
FROM (
    SELECT
        hashtextextended(
            length(machine_id) || '/' || length(sensor_id) || '/' || machine_id || sensor_id || profile, 0
        ) AS series,
        machine_id,
        sensor_id,
        profile
    FROM batch
    GROUP BY machine_id, sensor_id, profile
) AS named
WHERE named.series IN (SELECT kept.series FROM kept)
ON CONFLICT (machine_id, sensor_id, profile) DO NOTHING;
