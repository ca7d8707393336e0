CREATE INDEX contracts_subject ON contracts (subject, version, "offset");
