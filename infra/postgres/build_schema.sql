-- What every build has beside its read model's own tables.

CREATE TABLE checkpoint (
    topic text NOT NULL,
    partition int NOT NULL,
    topic_id text NOT NULL,
    next_offset bigint NOT NULL,
    last_offset bigint,   -- of the last record read; NULL before the first
    last_crc bigint,      -- CRC-32 of its key and value
    known_at timestamptz, -- largest time of appending so far
    PRIMARY KEY (topic, partition)
);

-- Records that are in no table, and why.
CREATE TABLE rejected (
    topic text NOT NULL,
    partition int NOT NULL,
    "offset" bigint NOT NULL,
    error text NOT NULL, -- class of the dead letter, or skipped
    message text NOT NULL,
    PRIMARY KEY (topic, partition, "offset")
);

-- The files the build was made from, and runs for life.
CREATE TABLE definition (
    file text PRIMARY KEY,
    content text NOT NULL
);
