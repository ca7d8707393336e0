"""The processes that run for long, one file each."""
