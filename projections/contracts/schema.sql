-- One row per SchemaPublished. The topic has one partition, so "offset" alone is the log's order; a version that was
-- published twice is there twice, and queries take the first.
CREATE TABLE contracts (
    "offset" bigint PRIMARY KEY,
    id int NOT NULL,       -- id in the wire format
    subject text NOT NULL, -- topic-fullname
    version int NOT NULL,
    topic text NOT NULL,
    event text NOT NULL, -- full name, such as telltale.ModelTrained
    text text NOT NULL,
    sha256 text NOT NULL,
    known_at timestamptz NOT NULL
);
