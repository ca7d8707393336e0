-- Rows come in the order in which they became known, so one entry per few pages finds those of a stretch.
CREATE INDEX reading_counts_known ON reading_counts USING brin (known_from) WITH (pages_per_range = 8)
WHERE width_s = 60;
CREATE INDEX reading_counts_known_hours ON reading_counts USING brin (known_from) WITH (pages_per_range = 8)
WHERE width_s = 3600;
