CREATE INDEX readings_time ON readings (series, recorded_at);
