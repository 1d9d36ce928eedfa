-- The ledger itself, so it has no row in it: the runner creates it before it reads it.
-- Append-only history: the state of a version is that of its row with the highest sequence.

CREATE TABLE IF NOT EXISTS `{schema}`.dq_schema_migrations (
  entry_id STRING NOT NULL COMMENT 'Primary key: version and sequence, so two runners write one row.',
  version INT NOT NULL COMMENT 'Number of the migration file.',
  sequence INT NOT NULL COMMENT 'Counts the entries of one version from 1.',
  name STRING NOT NULL COMMENT 'Name of the migration file without its suffix.',
  checksum STRING NOT NULL COMMENT 'SHA-256 of the file; line ends and trailing blanks do not count.',
  state STRING NOT NULL COMMENT 'applied, failed or rolled back.',
  applied_at TIMESTAMP NOT NULL COMMENT 'When the entry was written, UTC.',
  applied_by STRING NOT NULL COMMENT 'Who ran it.',
  rollback_sql STRING COMMENT 'The rollback file as it was then; null when the step is irreversible.',
  tool_version STRING NOT NULL COMMENT 'Version of the software that ran it.',
  statement_count INT NOT NULL COMMENT 'Statements of the file that were carried out or found done.',
  skipped_statements STRING COMMENT 'JSON: line and reason of each statement this engine skipped.',
  duration_ms BIGINT NOT NULL COMMENT 'Milliseconds it took.',
  error_message STRING COMMENT 'Why it failed; null otherwise.'
)
USING DELTA
COMMENT 'History of migrations of this schema; rows are only ever added.';
