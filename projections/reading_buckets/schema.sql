-- One row per sensor, channel, minute of the device's clock and minute in which the log learned of it.
-- A machine's readings are in one partition, so a row is fed by one partition; it would merge from several.
CREATE TABLE reading_buckets (
    minute timestamptz NOT NULL,
    known_minute timestamptz NOT NULL,
    readings bigint NOT NULL,
    minimum float8 NOT NULL,
    maximum float8 NOT NULL,
    channel smallint NOT NULL, -- place in the profile's list of channels, from 1
    total numeric NOT NULL,    -- exact, so that the order of adding cannot show
    machine_id text NOT NULL,
    sensor_id text NOT NULL,
    profile text NOT NULL,
    PRIMARY KEY (machine_id, sensor_id, profile, channel, minute, known_minute)
);
