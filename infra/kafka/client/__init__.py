"""How this program talks to Kafka: clients, topics, offsets; it knows bytes and no events."""
