-- Repeatable by the checkpoint alone: rows stand under the position of the record they come from.

INSERT INTO dead_letters (partition, "offset", position, error, message, stage, known_at)
SELECT partition, "offset", position, error, message, stage, known_at
FROM batch
WHERE event = 'DeadLettered' AND coalesce(chunk, 0) = 0; -- of a letter in chunks the first one

INSERT INTO dead_letter_decisions ("offset", position, state, redriven_as, because, actor, known_at)
SELECT
    "offset",
    position,
    CASE event WHEN 'DeadLetterRedriven' THEN 'redriven' ELSE 'discarded' END,
    redriven_as,
    because,
    actor,
    known_at
FROM batch
WHERE event IN ('DeadLetterRedriven', 'DeadLetterDiscarded');
