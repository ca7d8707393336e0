"""Ways for readings to get in: `ingest`, `simulate`, `profiles`."""
