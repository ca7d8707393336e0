-- One row per AnomalyDetected in the log, under its own position: a verdict written twice would show twice.
CREATE TABLE anomalies (
    partition smallint NOT NULL,
    "offset" bigint NOT NULL,
    event_id uuid NOT NULL,
    known_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    machine_id text NOT NULL,
    sensor_id text NOT NULL,
    kind text NOT NULL,
    kinds text[] NOT NULL,    -- largest ratio first
    severity text NOT NULL,
    score float8 NOT NULL,    -- ratio to the threshold, above 1
    raw_score float8 NOT NULL,
    measurements jsonb NOT NULL, -- {channel: value}; likewise the next two
    expected jsonb NOT NULL,
    contribution jsonb NOT NULL,
    reading_event_id uuid NOT NULL,
    reading_topic text NOT NULL,
    reading_partition smallint NOT NULL,
    reading_offset bigint NOT NULL,
    profile text NOT NULL,       -- the profile the model judges, such as pump@1
    model_name text NOT NULL,    -- the model's line, such as pump
    model_version int NOT NULL,
    artifact_sha256 text NOT NULL,
    PRIMARY KEY (partition, "offset")
);
