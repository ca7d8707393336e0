-- Each row is one record of one partition under its offset: the checkpoint alone makes it repeatable.

INSERT INTO comparisons (
    "offset", comparison_id, name, champion_version, challenger_version, profile, champion_sha256, challenger_sha256,
    source_topic, source_topic_id, ranges, recorded_from, recorded_before, numbers, report, report_sha256, code_version,
    runtime, known_at
)
SELECT
    "offset",
    comparison_id,
    challenger ->> 'name',
    (champion ->> 'version')::int,
    (challenger ->> 'version')::int,
    challenger ->> 'profile',
    champion ->> 'artifact_sha256',
    challenger ->> 'artifact_sha256',
    source_topic,
    source_topic_id,
    ranges,
    recorded_from,
    recorded_before,
    numbers,
    report,
    report_sha256,
    code_version,
    runtime,
    known_at
FROM batch
WHERE event = 'ModelsCompared';

INSERT INTO rejections (
    "offset", name, version, profile, against_version, comparison_id, numbers, checks, because, actor, known_at
)
SELECT
    "offset",
    model ->> 'name',
    (model ->> 'version')::int,
    model ->> 'profile',
    (against ->> 'version')::int,
    comparison_id,
    numbers,
    checks,
    because,
    actor,
    known_at
FROM batch
WHERE event = 'PromotionRejected';

INSERT INTO promotion_grounds ("offset", name, version, comparison_id, rollback, known_at)
SELECT
    "offset",
    model ->> 'name',
    (model ->> 'version')::int,
    comparison_id,
    rollback,
    known_at
FROM batch
WHERE event = 'ModelPromoted';
