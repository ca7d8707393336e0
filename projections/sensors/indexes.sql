CREATE INDEX sensors_by_sensor ON sensors (sensor_id);
