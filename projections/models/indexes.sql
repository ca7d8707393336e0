CREATE INDEX champions_line ON champions (name, known_at);
