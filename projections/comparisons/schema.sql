-- model-events has one partition, so "offset" alone is the log's order.
CREATE TABLE comparisons (
    "offset" bigint PRIMARY KEY,
    comparison_id text NOT NULL,
    name text NOT NULL,               -- the line, such as pump
    champion_version int NOT NULL,    -- written pump/1
    challenger_version int NOT NULL,
    profile text NOT NULL,
    champion_sha256 text NOT NULL,
    challenger_sha256 text NOT NULL,
    source_topic text NOT NULL,
    source_topic_id text NOT NULL,
    ranges jsonb NOT NULL,
    recorded_from timestamptz,
    recorded_before timestamptz,
    numbers jsonb NOT NULL,
    report text NOT NULL,             -- canonical JSON; kept as text, since its hash is of the text
    report_sha256 text NOT NULL,
    code_version text NOT NULL,
    runtime text NOT NULL,
    known_at timestamptz NOT NULL
);

CREATE TABLE rejections (
    "offset" bigint PRIMARY KEY,
    name text NOT NULL,
    version int NOT NULL,
    profile text NOT NULL,
    against_version int NOT NULL,
    comparison_id text,               -- NULL: the two were never compared
    numbers jsonb,
    checks jsonb NOT NULL,
    because text NOT NULL,
    actor text NOT NULL,
    known_at timestamptz NOT NULL
);

-- One row per ModelPromoted: what let it through, beside the champions of read model models.
CREATE TABLE promotion_grounds (
    "offset" bigint PRIMARY KEY,
    name text NOT NULL,
    version int NOT NULL,
    comparison_id text,
    rollback boolean NOT NULL,
    known_at timestamptz NOT NULL
);
