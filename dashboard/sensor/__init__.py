"""The parts of page Sensor."""
