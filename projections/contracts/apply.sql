-- Repeatable by the checkpoint alone: one row per record, under its offset. A full name holds no hyphen, so the
-- subject's last one parts topic and event.

INSERT INTO contracts ("offset", id, subject, version, topic, event, text, sha256, known_at)
SELECT
    "offset",
    id,
    subject,
    version,
    substring(subject FROM '^(.*)-[^-]*$'),
    substring(subject FROM '[^-]*$'),
    text,
    sha256,
    known_at
FROM batch
WHERE event = 'SchemaPublished';
