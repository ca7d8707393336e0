-- From profile-events alone. A profile with its version never changes: the first description counts.
CREATE TABLE profiles (
    profile text PRIMARY KEY, -- name@version, such as pump@1
    name text NOT NULL,
    version int NOT NULL,
    expected_interval_s float8 NOT NULL,
    known_at timestamptz NOT NULL,
    "offset" bigint NOT NULL, -- in profile-events/0
    UNIQUE (name, version)
);

CREATE TABLE channels (
    profile text NOT NULL,
    channel smallint NOT NULL, -- place in the list, from 1; the place in readings."values" too
    name text NOT NULL,
    unit text NOT NULL,
    role text NOT NULL,
    minimum float8 NOT NULL,
    maximum float8 NOT NULL,
    PRIMARY KEY (profile, channel)
);

-- From sensor-events alone. Each partition has rows of its own (a machine's readings are in one, unless somebody writes
-- them elsewhere); they meet in queries: sums, least and greatest, and the newest of the newest.
CREATE TABLE sensors (
    machine_id text NOT NULL,
    sensor_id text NOT NULL,
    partition smallint NOT NULL,
    readings bigint NOT NULL,
    first_recorded_at timestamptz NOT NULL,
    first_known_at timestamptz NOT NULL,
    last_known_at timestamptz NOT NULL,
    PRIMARY KEY (machine_id, sensor_id, partition)
);

-- The reading that is newest by the sensor's own clock, so none that came late. A reading that claims to be more than
-- 5 minutes ahead of the log is the newest only while there is no other; of several taken at one time it is the first.
CREATE TABLE newest_readings (
    machine_id text NOT NULL,
    sensor_id text NOT NULL,
    profile text NOT NULL,
    event_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    newest_known_at timestamptz NOT NULL,
    "offset" bigint NOT NULL,
    partition smallint NOT NULL,
    clock_ahead boolean NOT NULL,
    "values" float8[] NOT NULL, -- in the order of the profile's channels; NaN where lacking
    PRIMARY KEY (machine_id, sensor_id, partition)
);

-- The same two as they were at the end of each minute in which the log learned something of the sensor: what was known
-- of it at an earlier time is the last row before. Its newest reading stands in read model readings, under its offset.
CREATE TABLE sensor_minutes (
    known_minute timestamptz NOT NULL,
    readings bigint NOT NULL,
    first_recorded_at timestamptz NOT NULL,
    last_known_at timestamptz NOT NULL,
    newest_recorded_at timestamptz NOT NULL,
    newest_offset bigint NOT NULL,
    partition smallint NOT NULL,
    newest_clock_ahead boolean NOT NULL,
    machine_id text NOT NULL,
    sensor_id text NOT NULL,
    PRIMARY KEY (machine_id, sensor_id, partition, known_minute)
);
