"""`projections`, `rebuild`."""
