"""The scorer's side of the log: its transaction, its ledger, re-scoring."""
