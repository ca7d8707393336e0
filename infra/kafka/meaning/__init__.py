"""What the log's bytes mean: contracts, and records decoded with them."""
