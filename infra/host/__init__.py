"""What runs on one machine: the embedded services, their supervisor, and backups of the log."""
