-- Repeatable by the checkpoint alone: rows stand under the position of the record they come from.

INSERT INTO ledger (
    partition, "offset", known_at, source_topic, source_partition, from_offset, next_offset, abnormal, models, inputs
)
SELECT
    partition,
    "offset",
    known_at,
    source_topic,
    source_partition,
    from_offset,
    next_offset,
    abnormal,
    models,
    inputs
FROM batch
WHERE event = 'ReadingsScored';

-- A JSON null is a NaN: JSON has no word for it.
INSERT INTO ledger_scores (partition, "offset", source_partition, from_offset, next_offset, detector, scores)
SELECT
    partition,
    "offset",
    source_partition,
    from_offset,
    next_offset,
    scored ->> 'detector',
    ARRAY(
        SELECT coalesce(slot.score::float8, 'NaN')
        FROM jsonb_array_elements_text(scored -> 'scores') WITH ORDINALITY AS slot (score, place)
        ORDER BY slot.place
    )
FROM batch
CROSS JOIN LATERAL jsonb_array_elements(columns) AS scored
WHERE event = 'ReadingsScored';

INSERT INTO ledger_flags (partition, "offset", source_partition, name, first_offset, next_offset)
SELECT
    partition,
    "offset",
    source_partition,
    flag ->> 'name',
    (flag -> 'ranges' ->> (2 * pair))::bigint,
    (flag -> 'ranges' ->> (2 * pair + 1))::bigint
FROM batch
CROSS JOIN LATERAL jsonb_array_elements(flags) AS flag
CROSS JOIN LATERAL generate_series(0, jsonb_array_length(flag -> 'ranges') / 2 - 1) AS pair
WHERE event = 'ReadingsScored';

INSERT INTO scoring_model_changes (
    partition, "offset", known_at, source_topic, source_topic_id, source_partition, from_offset, profile, model_name,
    model_version, artifact_sha256, previous_version, previous_sha256, model_events_offset, threshold,
    parameters_sha256, code_version, runtime, state
)
SELECT
    partition,
    "offset",
    known_at,
    source_topic,
    source_topic_id,
    source_partition,
    from_offset,
    model ->> 'profile',
    model ->> 'name',
    (model ->> 'version')::int,
    model ->> 'artifact_sha256',
    (previous ->> 'version')::int,
    previous ->> 'artifact_sha256',
    model_events_offset,
    threshold,
    parameters_sha256,
    code_version,
    runtime,
    state
FROM batch
WHERE event = 'ScoringModelChanged';
