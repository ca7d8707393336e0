-- A dead letter stands under its own place in topic dead-letters; the bytes it holds stay there.
CREATE TABLE dead_letters (
    partition int NOT NULL,
    "offset" bigint NOT NULL,
    position text NOT NULL, -- topic/partition/offset of the record that could not be accepted
    error text NOT NULL,    -- not_avro, undecodable, trailing_bytes, not_admitted, unknown_schema, unknown_profile
    message text NOT NULL,
    stage text NOT NULL,
    known_at timestamptz NOT NULL,
    PRIMARY KEY (partition, "offset")
);

-- skips has one partition, so "offset" alone is the log's order. Another topic's facts: joined when asked.
CREATE TABLE dead_letter_decisions (
    "offset" bigint PRIMARY KEY,
    position text NOT NULL,
    state text NOT NULL, -- redriven, discarded
    redriven_as text,
    because text NOT NULL,
    actor text NOT NULL,
    known_at timestamptz NOT NULL
);
