-- What `telltale contracts prove` found, one row each time: a report about the log that can be made again at any time.
CREATE TABLE telltale.contract_proofs (
    proof int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    proved_at timestamptz NOT NULL, -- when the log's ends were asked for
    seconds float8 NOT NULL,
    holds boolean NOT NULL,
    records bigint NOT NULL,
    ends jsonb NOT NULL,       -- {topic/partition: next offset}: every record before it was read
    readable jsonb NOT NULL,   -- [{topic, schema_id, event, records, first, last}]
    unreadable jsonb NOT NULL  -- [{topic, error, message, records, known, first, last, unknown}]
);
