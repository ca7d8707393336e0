-- A sensor of a machine while it speaks one profile. `series` is a hash of the three names, so it is the same
-- in every build; should two triples ever share a hash, the primary key stops the projection.
CREATE TABLE series (
    series bigint PRIMARY KEY,
    machine_id text NOT NULL,
    sensor_id text NOT NULL,
    profile text NOT NULL,
    UNIQUE (machine_id, sensor_id, profile)
);

-- One row per record of sensor-events, widest alignment first: with names instead of `series` a row and its
-- time index would take half as much again.
CREATE TABLE readings (
    "offset" bigint NOT NULL,
    series bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    known_at timestamptz NOT NULL,
    event_id uuid NOT NULL,
    partition smallint NOT NULL,
    -- Ground truth: '' not labelled, 'none' labelled as ordinary, 'unnamed' a fault without a kind, else the kind.
    anomaly_type text NOT NULL,
    -- In the order of the profile's channels; NaN where the reading lacks the channel.
    "values" float8[] NOT NULL,
    PRIMARY KEY (partition, "offset")
);

CREATE VIEW readings_named AS
SELECT
    series.machine_id,
    series.sensor_id,
    series.profile,
    readings.series,
    readings.event_id,
    readings.recorded_at,
    readings.known_at,
    'sensor-events/' || readings.partition || '/' || readings."offset" AS position,
    readings.partition,
    readings."offset",
    readings."values",
    readings.anomaly_type
FROM readings
JOIN series USING (series);
