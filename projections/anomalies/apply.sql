-- Repeatable by the checkpoint alone: one row per record, under its position.

INSERT INTO anomalies (
    partition, "offset", event_id, known_at, recorded_at, machine_id, sensor_id, kind, kinds, severity, score,
    raw_score, measurements, expected, contribution, reading_event_id, reading_topic, reading_partition,
    reading_offset, profile, model_name, model_version, artifact_sha256
)
SELECT
    partition,
    "offset",
    event_id,
    known_at,
    recorded_at,
    machine_id,
    sensor_id,
    kind,
    kinds,
    severity,
    score,
    raw_score,
    measurements,
    expected,
    contribution,
    reading_event_id,
    split_part(reading_position, '/', 1),
    split_part(reading_position, '/', 2)::smallint,
    split_part(reading_position, '/', 3)::bigint,
    model ->> 'profile',
    model ->> 'name',
    (model ->> 'version')::int,
    model ->> 'artifact_sha256'
FROM batch
WHERE event = 'AnomalyDetected';
