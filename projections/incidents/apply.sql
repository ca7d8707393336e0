-- Everything said of one incident lies in one partition, in order. A state follows from the history up to its event,
-- whatever batch brought it; an incident that the log never opened has a history and no state.

INSERT INTO incident_history (
    partition, "offset", incident_id, event, known_at, happened_at, actor, kinds, channels, severity, score, said,
    judgement
)
SELECT
    partition,
    "offset",
    incident_id,
    event,
    known_at,
    coalesce(recorded_at, ended_at),
    actor,
    kinds,
    channels,
    severity,
    score,
    coalesce(assignee, text, cause, because),
    judgement
FROM batch;

INSERT INTO incidents (
    incident_id, partition, "offset", machine_id, sensor_id, began_at, known_at, reading_position, kinds, channels,
    severity, score, model, profile, late
)
SELECT DISTINCT ON (incident_id)
    incident_id,
    partition,
    "offset",
    machine_id,
    sensor_id,
    recorded_at,
    known_at,
    reading_position,
    kinds,
    channels,
    severity,
    score,
    (model ->> 'name') || '/' || (model ->> 'version'),
    model ->> 'profile',
    late
FROM batch
WHERE event = 'IncidentOpened'
ORDER BY incident_id, "offset"
ON CONFLICT (incident_id) DO NOTHING;

INSERT INTO incident_states (
    incident_id, "offset", known_at, machine_id, began_at, active, ended_at, severity_rank, kinds, channels, score,
    handling, handled_by, handled_at, judgement, cause, worse, assignee, comments, needs_someone
)
SELECT
    incidents.incident_id,
    batch."offset",
    batch.known_at,
    incidents.machine_id,
    incidents.began_at,
    so_far.active,
    so_far.ended_at,
    so_far.severity_rank,
    so_far.kinds,
    so_far.channels,
    so_far.score,
    coalesce(handled.handling, 'new'),
    handled.actor,
    handled.known_at,
    handled.judgement,
    handled.cause,
    coalesce(since.worse, FALSE),
    coalesce(assigned.assignee, taken.actor),
    so_far.comments,
    CASE coalesce(handled.handling, 'new')
        WHEN 'new' THEN TRUE
        WHEN 'acknowledged' THEN coalesce(since.worse, FALSE) OR NOT so_far.active
        ELSE coalesce(since.worse, FALSE)
    END
FROM batch
JOIN incidents
    ON incidents.incident_id = batch.incident_id
    AND incidents.partition = batch.partition -- what another client wrote elsewhere is history, and changes no state
    AND incidents."offset" <= batch."offset"
CROSS JOIN LATERAL (
    SELECT
        NOT bool_or(event = 'IncidentEnded') AS active,
        max(happened_at) FILTER (WHERE event = 'IncidentEnded') AS ended_at,
        max(CASE severity WHEN 'warning' THEN 0 WHEN 'high' THEN 1 ELSE 2 END)
            FILTER (WHERE severity IS NOT NULL)::smallint AS severity_rank,
        max(score) AS score,
        count(*) FILTER (WHERE event = 'IncidentCommented')::int AS comments,
        (
            SELECT coalesce(array_agg(DISTINCT kind ORDER BY kind), '{}')
            FROM incident_history AS told
            CROSS JOIN LATERAL unnest(told.kinds) AS kind
            WHERE told.incident_id = batch.incident_id AND told.partition = batch.partition
                AND told."offset" BETWEEN incidents."offset" AND batch."offset"
                AND (told.event <> 'IncidentOpened' OR told."offset" = incidents."offset")
        ) AS kinds,
        (
            SELECT coalesce(array_agg(DISTINCT channel ORDER BY channel), '{}')
            FROM incident_history AS told
            CROSS JOIN LATERAL unnest(told.channels) AS channel
            WHERE told.incident_id = batch.incident_id AND told.partition = batch.partition
                AND told."offset" BETWEEN incidents."offset" AND batch."offset"
                AND (told.event <> 'IncidentOpened' OR told."offset" = incidents."offset")
        ) AS channels
    FROM incident_history AS told
    WHERE told.incident_id = batch.incident_id AND told.partition = batch.partition
        AND told."offset" BETWEEN incidents."offset" AND batch."offset"
        AND (told.event <> 'IncidentOpened' OR told."offset" = incidents."offset")
) AS so_far
LEFT JOIN LATERAL (
    SELECT
        "offset",
        known_at,
        CASE event WHEN 'IncidentReopened' THEN NULL ELSE actor END AS actor,
        CASE event
            WHEN 'IncidentAcknowledged' THEN 'acknowledged'
            WHEN 'IncidentResolved' THEN 'resolved'
            ELSE 'new'
        END AS handling,
        judgement,
        CASE event WHEN 'IncidentResolved' THEN said END AS cause
    FROM incident_history AS told
    WHERE told.incident_id = batch.incident_id AND told.partition = batch.partition
        AND told."offset" BETWEEN incidents."offset" AND batch."offset"
        AND event IN ('IncidentAcknowledged', 'IncidentResolved', 'IncidentReopened')
    ORDER BY "offset" DESC
    LIMIT 1
) AS handled ON TRUE
LEFT JOIN LATERAL (
    SELECT bool_or(cardinality(told.kinds) > 0 OR told.severity IS NOT NULL) AS worse
    FROM incident_history AS told
    WHERE told.incident_id = batch.incident_id AND told.partition = batch.partition
        AND told."offset" BETWEEN handled."offset" AND batch."offset"
        AND handled.handling <> 'new'
        AND told.event = 'IncidentExtended'
) AS since ON TRUE
LEFT JOIN LATERAL (
    SELECT said AS assignee
    FROM incident_history AS told
    WHERE told.incident_id = batch.incident_id AND told.partition = batch.partition
        AND told."offset" BETWEEN incidents."offset" AND batch."offset"
        AND event = 'IncidentAssigned'
    ORDER BY "offset" DESC
    LIMIT 1
) AS assigned ON TRUE
LEFT JOIN LATERAL (
    SELECT actor
    FROM incident_history AS told
    WHERE told.incident_id = batch.incident_id AND told.partition = batch.partition
        AND told."offset" BETWEEN incidents."offset" AND batch."offset"
        AND event = 'IncidentAcknowledged'
    ORDER BY "offset"
    LIMIT 1
) AS taken ON TRUE;

WITH following AS (
    SELECT
        incident_id,
        "offset",
        lead(known_at) OVER incident AS next_known_at
    FROM incident_states
    WHERE until_known_at IS NULL
        AND incident_id IN (SELECT incident_id FROM batch)
    WINDOW incident AS (PARTITION BY incident_id ORDER BY "offset")
)
UPDATE incident_states AS state
SET until_known_at = following.next_known_at
FROM following
WHERE state.incident_id = following.incident_id
    AND state."offset" = following."offset"
    AND following.next_known_at IS NOT NULL;
