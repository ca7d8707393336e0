"""Backup of the log, the only truth: everything else is computed from it again."""
