CREATE INDEX ledger_source ON ledger (source_partition, from_offset);
CREATE INDEX ledger_known ON ledger (known_at);
CREATE INDEX ledger_scores_source ON ledger_scores (source_partition, from_offset);
CREATE INDEX ledger_flags_source ON ledger_flags (name, source_partition, first_offset);
CREATE INDEX scoring_model_changes_source ON scoring_model_changes (source_partition, from_offset);
