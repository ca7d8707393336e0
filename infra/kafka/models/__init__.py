"""Models in the log: versions, champions, comparisons, and where a verdict comes from."""
