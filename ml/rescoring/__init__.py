"""History judged again by another model, by the same code and rules as live, into topics of its own."""
