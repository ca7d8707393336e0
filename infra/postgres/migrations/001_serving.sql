-- What is common to all read models. A build is a schema `<read_model>_b<build>` with the read model's tables and
-- three of its own: checkpoint, rejected, definition.

CREATE TABLE telltale.builds (
    read_model text NOT NULL,
    build int NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    loaded_at timestamptz,    -- when it first reached the log's end and got its indexes
    discarded_at timestamptz, -- when its schema was dropped
    PRIMARY KEY (read_model, build)
);

-- The pointer: which build answers questions. Swap and undo are one UPDATE of it.
CREATE TABLE telltale.serving (
    read_model text PRIMARY KEY,
    build int NOT NULL,
    FOREIGN KEY (read_model, build) REFERENCES telltale.builds
);

-- What projectors say of themselves, about once a second; nothing decides by it.
CREATE TABLE telltale.projector_status (
    read_model text NOT NULL,
    build int NOT NULL,
    state text NOT NULL, -- loading, running, waiting, stalled or stopped
    cause text,
    position text, -- topic/partition/offset at which it waits or stopped
    lag_offsets bigint, -- NULL before the projector has read its checkpoint; likewise the next
    lag_seconds float8,
    records_per_second float8 NOT NULL,
    known_at timestamptz, -- largest known_at of its checkpoint
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (read_model, build),
    FOREIGN KEY (read_model, build) REFERENCES telltale.builds
);
