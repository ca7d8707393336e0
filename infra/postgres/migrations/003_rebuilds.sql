-- Builds beside the serving one: who follows the log into them, how they were proven, when the pointer moved and why.

ALTER TABLE telltale.builds
    ADD COLUMN followed boolean NOT NULL DEFAULT true, -- projectors follow it; false: a rebuild loads it, or left it
    ADD COLUMN loaded_records bigint, -- by the rebuild that loaded it, and how long that took
    ADD COLUMN load_seconds float8;

-- What comparing two builds at the same positions found.
CREATE TABLE telltale.proofs (
    proof bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    read_model text NOT NULL,
    build int NOT NULL,         -- computed from the log
    against_build int NOT NULL, -- serving at the time
    proved_at timestamptz NOT NULL,
    equal boolean NOT NULL,
    same_sql boolean NOT NULL,
    rows bigint NOT NULL, -- of `build`
    seconds float8 NOT NULL,
    positions jsonb NOT NULL,           -- {"topic/partition": next offset} of both
    fingerprint jsonb NOT NULL,         -- {table: {columns, rows, sums of the buckets' sums}} of `build`
    against_fingerprint jsonb NOT NULL, -- likewise of `against_build`
    differences jsonb NOT NULL, -- [{table, buckets, only_here, only_there, different, examples}]; here is `build`
    FOREIGN KEY (read_model, build) REFERENCES telltale.builds,
    FOREIGN KEY (read_model, against_build) REFERENCES telltale.builds (read_model, build)
);
CREATE INDEX proofs_read_model ON telltale.proofs (read_model, proof);

-- Every move of the pointer `serving`.
CREATE TABLE telltale.swaps (
    swap bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    read_model text NOT NULL,
    from_build int NOT NULL,
    to_build int NOT NULL,
    undo boolean NOT NULL,
    swapped_at timestamptz NOT NULL,
    seconds float8 NOT NULL, -- for which the checkpoints were locked
    actor text NOT NULL,
    because text, -- NULL: proven equal, nothing had to be said
    proof bigint REFERENCES telltale.proofs, -- NULL when nothing could be compared, and for an undo
    FOREIGN KEY (read_model, from_build) REFERENCES telltale.builds (read_model, build),
    FOREIGN KEY (read_model, to_build) REFERENCES telltale.builds (read_model, build)
);
CREATE INDEX swaps_read_model ON telltale.swaps (read_model, swap);

-- Read models whose projectors were told to rest; a row is there until they are told to go on.
CREATE TABLE telltale.pauses (
    read_model text PRIMARY KEY,
    paused_at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL
);

-- Folders that could not be built, as the projector found them; gone once they can.
CREATE TABLE telltale.refused_folders (
    read_model text PRIMARY KEY,
    cause text NOT NULL,
    seen_at timestamptz NOT NULL
);
