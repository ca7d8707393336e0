-- One row per ReadingsScored: what one scorer transaction did with from_offset <= offset < next_offset of one
-- partition of readings. partition and "offset" are the record's own position in anomaly-events.
CREATE TABLE ledger (
    partition smallint NOT NULL,
    "offset" bigint NOT NULL,
    known_at timestamptz NOT NULL,
    source_topic text NOT NULL,
    source_partition smallint NOT NULL,
    from_offset bigint NOT NULL,
    next_offset bigint NOT NULL,
    abnormal bigint[] NOT NULL, -- offsets judged abnormal, ascending
    models jsonb NOT NULL,      -- [{profile, model: line/version, artifact_sha256}]
    inputs jsonb NOT NULL,      -- {control topic: next offset not yet in force}
    PRIMARY KEY (partition, "offset")
);

-- One row per detector of a ledger record: scores[i] belongs to offset from_offset + i - 1 (arrays start at 1);
-- NaN: that offset holds no judged reading.
CREATE TABLE ledger_scores (
    partition smallint NOT NULL,
    "offset" bigint NOT NULL,
    source_partition smallint NOT NULL,
    from_offset bigint NOT NULL,
    next_offset bigint NOT NULL,
    detector text NOT NULL,
    scores float8[] NOT NULL,
    PRIMARY KEY (partition, "offset", detector)
);

-- One row per range of offsets that shares a flag: late, duplicate, clock_ahead, unscored, unjudged, rejected, absent.
CREATE TABLE ledger_flags (
    partition smallint NOT NULL,
    "offset" bigint NOT NULL,
    source_partition smallint NOT NULL,
    name text NOT NULL,
    first_offset bigint NOT NULL, -- first_offset <= offset < next_offset
    next_offset bigint NOT NULL,
    PRIMARY KEY (partition, "offset", name, first_offset)
);

-- One row per ScoringModelChanged.
CREATE TABLE scoring_model_changes (
    partition smallint NOT NULL,
    "offset" bigint NOT NULL,
    known_at timestamptz NOT NULL,
    source_topic text NOT NULL,
    source_topic_id text NOT NULL,
    source_partition smallint NOT NULL,
    from_offset bigint NOT NULL, -- first offset of the readings that the model judges
    profile text NOT NULL,
    model_name text NOT NULL,
    model_version int NOT NULL,
    artifact_sha256 text NOT NULL,
    previous_version int,
    previous_sha256 text,
    model_events_offset bigint NOT NULL,
    threshold float8 NOT NULL, -- NaN when the model has several
    parameters_sha256 text NOT NULL,
    code_version text NOT NULL,
    runtime text NOT NULL,
    state text NOT NULL, -- fresh, carried or warmed(from offset)
    PRIMARY KEY (partition, "offset")
);
