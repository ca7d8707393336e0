-- Full pages: within a sensor readings come in order, so only the page at its end is ever written to.
CREATE INDEX readings_time ON readings (series, recorded_at) WITH (fillfactor = 100);

-- Of readings that the log has again the first in the partition stays. Most hashes stand alone, so few rows are compared.
SET LOCAL work_mem = '256MB';

WITH shared AS MATERIALIZED (
    SELECT hash_record_extended(ROW(partition, recorded_at, event_id), 0) AS hash
    FROM readings
    GROUP BY hash
    HAVING count(*) > 1
),
numbered AS (
    SELECT
        readings.partition,
        readings."offset",
        row_number() OVER (
            PARTITION BY readings.partition, series.machine_id, series.sensor_id, readings.recorded_at,
                readings.event_id
            ORDER BY readings."offset"
        ) AS place
    FROM readings
    JOIN shared ON shared.hash = hash_record_extended(ROW(readings.partition, readings.recorded_at, readings.event_id), 0)
    JOIN series USING (series)
),
removed AS (
    DELETE FROM readings
    USING numbered
    WHERE numbered.place > 1
        AND readings.partition = numbered.partition
        AND readings."offset" = numbered."offset"
    RETURNING readings.series
)
SELECT set_config('telltale.series_with_repeats', coalesce(string_agg(DISTINCT series::text, ','), ''), true)
FROM removed;

-- A profile that was named by repeats alone names no series.
DELETE FROM series
WHERE series = ANY (string_to_array(current_setting('telltale.series_with_repeats'), ',')::bigint[])
    AND NOT EXISTS (SELECT FROM readings WHERE readings.series = series.series);
