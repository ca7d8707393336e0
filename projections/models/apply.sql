-- One partition, so its order is the only order: a version's first ModelTrained counts, and a promotion ends
-- the one before it in its line.

INSERT INTO model_versions (
    name, version, profile, artifact_sha256, detectors, manifest, manifest_sha256, rows, metrics, parameters, known_at,
    "offset"
)
SELECT
    model ->> 'name',
    (model ->> 'version')::int,
    model ->> 'profile',
    model ->> 'artifact_sha256',
    detectors,
    manifest,
    manifest_sha256,
    rows,
    metrics,
    parameters,
    known_at,
    "offset"
FROM batch
WHERE event = 'ModelTrained'
ORDER BY "offset"
ON CONFLICT (name, version) DO NOTHING;

INSERT INTO champions (
    "offset", name, version, profile, artifact_sha256, replaces_version, because, actor, forced, known_at
)
SELECT
    "offset",
    model ->> 'name',
    (model ->> 'version')::int,
    model ->> 'profile',
    model ->> 'artifact_sha256',
    (replaces ->> 'version')::int,
    because,
    actor,
    forced,
    known_at
FROM batch
WHERE event = 'ModelPromoted';

WITH following AS (
    SELECT
        "offset",
        lead("offset") OVER line AS next_offset,
        lead(known_at) OVER line AS next_known_at
    FROM champions
    WHERE until_offset IS NULL
    WINDOW line AS (PARTITION BY name ORDER BY "offset")
)
UPDATE champions
SET until_offset = following.next_offset,
    until_known_at = following.next_known_at
FROM following
WHERE champions."offset" = following."offset"
    AND following.next_offset IS NOT NULL;
