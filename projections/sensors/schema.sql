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

-- From sensor-events alone.
CREATE TABLE sensors (
    machine_id text NOT NULL,
    sensor_id text NOT NULL,
    readings bigint NOT NULL,
    first_recorded_at timestamptz NOT NULL,
    last_recorded_at timestamptz NOT NULL,
    first_known_at timestamptz NOT NULL,
    PRIMARY KEY (machine_id, sensor_id)
);

-- The reading that is last in the log: largest (known_at, partition, offset).
CREATE TABLE newest_readings (
    machine_id text NOT NULL,
    sensor_id text NOT NULL,
    profile text NOT NULL,
    event_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    last_known_at timestamptz NOT NULL,
    partition smallint NOT NULL,
    "offset" bigint NOT NULL,
    "values" float8[] NOT NULL, -- in the order of the profile's channels; NaN where lacking
    PRIMARY KEY (machine_id, sensor_id)
);

-- The same two, by the minute in which the log learned of it: what was known of a sensor at an earlier time is the
-- sum of the minutes before. Its last reading in the log stands in read model readings, under its position.
CREATE TABLE sensor_minutes (
    known_minute timestamptz NOT NULL,
    readings bigint NOT NULL,
    first_recorded_at timestamptz NOT NULL,
    last_recorded_at timestamptz NOT NULL,
    last_known_at timestamptz NOT NULL,
    "offset" bigint NOT NULL,
    partition smallint NOT NULL,
    machine_id text NOT NULL,
    sensor_id text NOT NULL,
    PRIMARY KEY (machine_id, sensor_id, known_minute)
);
