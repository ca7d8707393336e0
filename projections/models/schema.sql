-- model-events has one partition, so "offset" alone is the log's order.
CREATE TABLE model_versions (
    name text NOT NULL,    -- the line, such as pump
    version int NOT NULL,  -- written pump/1
    profile text NOT NULL, -- the profile judged, such as pump@1
    artifact_sha256 text NOT NULL,
    detectors text[] NOT NULL,
    manifest text NOT NULL, -- canonical JSON; kept as text, since its hash is of the text
    manifest_sha256 text NOT NULL,
    rows bigint NOT NULL,
    metrics jsonb NOT NULL,
    parameters jsonb NOT NULL,
    known_at timestamptz NOT NULL,
    "offset" bigint NOT NULL,
    PRIMARY KEY (name, version)
);

-- One row per ModelPromoted; a line's champion at a moment is the row whose range holds it.
CREATE TABLE champions (
    "offset" bigint PRIMARY KEY,
    name text NOT NULL,
    version int NOT NULL,
    profile text NOT NULL,
    artifact_sha256 text NOT NULL,
    replaces_version int,
    because text NOT NULL,
    actor text NOT NULL,
    forced boolean NOT NULL,
    known_at timestamptz NOT NULL, -- champion from here
    until_offset bigint,           -- to the next promotion of the line; NULL: to this day
    until_known_at timestamptz
);
