CREATE INDEX comparisons_pair ON comparisons (name, champion_version, challenger_version, "offset");
CREATE INDEX rejections_line ON rejections (name, known_at);
