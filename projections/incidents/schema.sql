-- A machine's incidents lie in one partition, so "offset" alone orders what is said of one.
-- How an incident began: never changes.
CREATE TABLE incidents (
    incident_id uuid PRIMARY KEY,
    partition smallint NOT NULL,
    "offset" bigint NOT NULL,
    machine_id text NOT NULL,
    sensor_id text NOT NULL,
    began_at timestamptz NOT NULL,  -- device time of the first alarm
    known_at timestamptz NOT NULL,
    reading_position text NOT NULL,
    kinds text[] NOT NULL,          -- those of the first alarm, largest ratio first
    channels text[] NOT NULL,
    severity text NOT NULL,
    score float8 NOT NULL,
    model text NOT NULL,            -- such as pump/1
    profile text NOT NULL,          -- such as pump@1
    late boolean NOT NULL
);

-- Everything that was said of incidents, one row per event.
CREATE TABLE incident_history (
    partition smallint NOT NULL,
    "offset" bigint NOT NULL,
    incident_id uuid NOT NULL,
    event text NOT NULL,
    known_at timestamptz NOT NULL,
    happened_at timestamptz, -- device time, of what the machine did
    actor text,              -- of what people said
    kinds text[],            -- opened: all; extended: those that are new
    channels text[],
    severity text,           -- extended: NULL unless it is higher than before
    score float8,
    said text,               -- assignee, comment, cause or reason
    judgement text,
    PRIMARY KEY (partition, "offset")
);
CREATE INDEX incident_history_incident ON incident_history (incident_id, "offset");

-- The state after each event, valid from known_at until the next; the newest has until_known_at NULL.
CREATE TABLE incident_states (
    incident_id uuid NOT NULL,
    "offset" bigint NOT NULL,
    known_at timestamptz NOT NULL,
    until_known_at timestamptz,
    machine_id text NOT NULL,
    began_at timestamptz NOT NULL,
    active boolean NOT NULL,
    ended_at timestamptz,
    severity_rank smallint NOT NULL, -- 0 warning, 1 high, 2 critical
    kinds text[] NOT NULL,
    channels text[] NOT NULL,
    score float8 NOT NULL,           -- largest ratio that was told
    handling text NOT NULL,          -- new, acknowledged, resolved
    handled_by text,
    handled_at timestamptz,
    judgement text,
    cause text,
    worse boolean NOT NULL,          -- a new kind or higher severity since it was handled
    assignee text,
    comments int NOT NULL,
    needs_someone boolean NOT NULL,
    PRIMARY KEY (incident_id, "offset")
);
CREATE INDEX incident_states_now ON incident_states (incident_id) WHERE until_known_at IS NULL;
