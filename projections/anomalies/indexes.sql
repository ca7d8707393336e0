CREATE INDEX anomalies_event ON anomalies (event_id);
CREATE INDEX anomalies_known ON anomalies (known_at);
CREATE INDEX anomalies_recorded ON anomalies (recorded_at);
CREATE INDEX anomalies_sensor ON anomalies (machine_id, sensor_id, recorded_at);
CREATE INDEX anomalies_sensor_name ON anomalies (sensor_id, known_at);
CREATE INDEX anomalies_reading ON anomalies (reading_partition, reading_offset);
