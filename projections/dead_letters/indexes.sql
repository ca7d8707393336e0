CREATE INDEX dead_letters_known_at ON dead_letters (known_at, partition, "offset");
CREATE INDEX dead_letter_decisions_position ON dead_letter_decisions (position, "offset");
