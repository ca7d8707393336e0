"""`train`, `models`, `rescore`, `explain`."""
