"""Sensor readings in the log: appending, reading back."""
