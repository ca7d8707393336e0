"""The parts of page Explorer."""
