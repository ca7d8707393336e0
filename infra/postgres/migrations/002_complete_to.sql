-- Everything the log knew before this moment is in the build, for good: a question as of an earlier one has its whole
-- answer. NULL while a partition was neither read nor seen at its end.
ALTER TABLE telltale.projector_status ADD COLUMN complete_to timestamptz;
