-- A sensor of a machine while it speaks one profile; `series` is a hash of the three names, as in read model readings.
CREATE TABLE bucket_series (
    series bigint PRIMARY KEY,
    machine_id text NOT NULL,
    sensor_id text NOT NULL,
    profile text NOT NULL,
    UNIQUE (machine_id, sensor_id, profile)
);

-- How many readings there are: one row per series, stretch of the device's clock, stretch of the log's clock in which
-- they became known, and partition. Both stretches are a minute, an hour or a day of UTC.
CREATE TABLE reading_counts (
    series bigint NOT NULL,
    starts_at timestamptz NOT NULL,
    known_from timestamptz NOT NULL,
    readings bigint NOT NULL,
    first_offset bigint NOT NULL, -- of these readings; others may stand between
    last_offset bigint NOT NULL,
    width_s int NOT NULL,         -- 60, 3600 or 86400
    partition smallint NOT NULL,
    PRIMARY KEY (series, width_s, starts_at, known_from, partition)
);

-- What they measured: the same per channel. A machine's readings are in one partition, so a row is fed by one; it would
-- merge from several.
CREATE TABLE reading_buckets (
    series bigint NOT NULL,
    starts_at timestamptz NOT NULL,
    known_from timestamptz NOT NULL,
    readings bigint NOT NULL,
    minimum float8 NOT NULL,
    maximum float8 NOT NULL,
    width_s int NOT NULL,
    channel smallint NOT NULL, -- place in the profile's list of channels, from 1
    total numeric NOT NULL,    -- exact, so that the order of adding cannot show
    PRIMARY KEY (series, width_s, starts_at, channel, known_from)
);

CREATE VIEW reading_buckets_named AS
SELECT
    bucket_series.machine_id,
    bucket_series.sensor_id,
    bucket_series.profile,
    reading_buckets.*
FROM reading_buckets
JOIN bucket_series USING (series);
