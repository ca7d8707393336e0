-- Full pages: within a sensor readings come in order, so only the page at its end is ever written to.
CREATE INDEX readings_time ON readings (series, recorded_at) WITH (fillfactor = 100);
