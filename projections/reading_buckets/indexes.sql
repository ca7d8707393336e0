CREATE INDEX reading_buckets_minute ON reading_buckets (minute);
