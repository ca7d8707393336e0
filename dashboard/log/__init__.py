"""The parts of page Log."""
