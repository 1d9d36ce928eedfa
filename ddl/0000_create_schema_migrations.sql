-- What the runner itself stands on, so it has no row in the ledger: made before anything is read.
-- These tables are never renamed, restored or rolled back with the rest.

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

-- Ledgers made before baselines were known say less.
ALTER TABLE `{schema}`.dq_schema_migrations
ALTER COLUMN state COMMENT 'applied, baseline, failed or rolled back.';

CREATE TABLE IF NOT EXISTS `{schema}`.dq_migration_steps (
  step_id STRING NOT NULL COMMENT 'Primary key: made by the runner.',
  version INT NOT NULL COMMENT 'Number of the migration file.',
  direction STRING NOT NULL COMMENT 'up or down.',
  statement INT NOT NULL COMMENT 'Counts the statements of the file from 1.',
  line INT NOT NULL COMMENT 'Line of the file it starts on.',
  outcome STRING NOT NULL COMMENT 'done, adopted, skipped or failed.',
  reason STRING COMMENT 'Why it was skipped or failed; null otherwise.',
  batch INT COMMENT 'Counts the batches of a statement that works in batches from 1.',
  batch_key STRING COMMENT 'Last key of the batch; the next one starts after it.',
  affected_rows BIGINT COMMENT 'Rows it changed, where the engine tells.',
  started_at TIMESTAMP NOT NULL COMMENT 'When it was started, UTC.',
  duration_ms BIGINT NOT NULL COMMENT 'Milliseconds it took.',
  owner STRING NOT NULL COMMENT 'The runner that saw it through.',
  fence BIGINT NOT NULL COMMENT 'Number of the lease it was done under.'
)
USING DELTA
COMMENT 'Journal of migrations, one row a statement; rows are only ever added.';

CREATE TABLE IF NOT EXISTS `{schema}`.dq_leases (
  name STRING NOT NULL COMMENT 'Primary key: what is locked.',
  owner STRING COMMENT 'Id of the holder; null when nobody holds it.',
  holder STRING COMMENT 'User, host and process of the last holder.',
  purpose STRING COMMENT 'What it is held for.',
  fence BIGINT NOT NULL COMMENT 'Counts the holders.',
  beat BIGINT NOT NULL COMMENT 'Counts the renewals of the holder.',
  lease_s DOUBLE NOT NULL COMMENT 'Seconds a renewal lasts.',
  acquired_at TIMESTAMP NOT NULL COMMENT 'When it was taken, UTC.',
  expires_at TIMESTAMP NOT NULL COMMENT 'When it runs out unless renewed, by the clock of the holder, UTC.'
)
USING DELTA
COMMENT 'Who may change the schema now.';

CREATE TABLE IF NOT EXISTS `{schema}`.dq_restore_points (
  point_id STRING NOT NULL COMMENT 'Primary key.',
  name STRING NOT NULL COMMENT 'Name people use.',
  reason STRING NOT NULL COMMENT 'manual, daily, before migration, before restore or after rename.',
  created_at TIMESTAMP NOT NULL COMMENT 'When it was made, UTC.',
  created_by STRING NOT NULL COMMENT 'Who made it.',
  expires_at TIMESTAMP COMMENT 'When it may be removed, UTC; null: kept.',
  removed_at TIMESTAMP COMMENT 'When it was removed, UTC; null while it can be used.',
  schema_version INT NOT NULL COMMENT 'Version of the schema at that moment.',
  tables STRING NOT NULL COMMENT 'JSON: Delta version of each table.',
  table_ids STRING COMMENT 'JSON: id of each table, so that one that was made anew is noticed.',
  table_count INT NOT NULL COMMENT 'Tables it covers.',
  row_count BIGINT COMMENT 'Rows of all tables, where the log tells.',
  is_consistent BOOLEAN NOT NULL COMMENT 'Whether no table moved while the versions were read.',
  tool_version STRING NOT NULL COMMENT 'Version of the software that made it.'
)
USING DELTA
COMMENT 'Restore points: the version of every table under one name.';
