"""Where a verdict comes from, and whether judging its reading again gives the same answer."""
