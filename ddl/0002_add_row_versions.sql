-- Rows that people edit carry a version, so that an edit names the state it started from and
-- a second edit of the same state is refused; and they are removed softly, so that results keep
-- pointing at something. Columns can only be added as nullable: older rows start at version 1.

ALTER TABLE `{schema}`.dq_projects ADD COLUMNS (
  version BIGINT COMMENT 'Counts the edits of the row from 1.',
  deleted_at TIMESTAMP COMMENT 'When the row was removed, UTC; null while it is in use.'
);
UPDATE `{schema}`.dq_projects SET version = 1 WHERE version IS NULL;

ALTER TABLE `{schema}`.dq_connections ADD COLUMNS (
  version BIGINT COMMENT 'Counts the edits of the row from 1.',
  deleted_at TIMESTAMP COMMENT 'When the row was removed, UTC; null while it is in use.'
);
UPDATE `{schema}`.dq_connections SET version = 1 WHERE version IS NULL;

ALTER TABLE `{schema}`.dq_table_groups ADD COLUMNS (
  version BIGINT COMMENT 'Counts the edits of the row from 1.',
  deleted_at TIMESTAMP COMMENT 'When the row was removed, UTC; null while it is in use.'
);
UPDATE `{schema}`.dq_table_groups SET version = 1 WHERE version IS NULL;

ALTER TABLE `{schema}`.dq_tables ADD COLUMNS (
  version BIGINT COMMENT 'Counts the edits of the row from 1.',
  updated_at TIMESTAMP COMMENT 'When the row was last changed, UTC.',
  deleted_at TIMESTAMP COMMENT 'When the row was removed, UTC; null while it is in use.'
);
UPDATE `{schema}`.dq_tables SET version = 1, updated_at = created_at WHERE version IS NULL;

ALTER TABLE `{schema}`.dq_tests ADD COLUMNS (
  version BIGINT COMMENT 'Counts the edits of the row from 1.',
  deleted_at TIMESTAMP COMMENT 'When the row was removed, UTC; null while it is in use.'
);
UPDATE `{schema}`.dq_tests SET version = 1 WHERE version IS NULL;

ALTER TABLE `{schema}`.dq_alerts ADD COLUMNS (
  version BIGINT COMMENT 'Counts the edits of the row from 1.',
  updated_at TIMESTAMP COMMENT 'When the row was last changed, UTC.'
);
UPDATE `{schema}`.dq_alerts SET version = 1, updated_at = created_at WHERE version IS NULL;

ALTER TABLE `{schema}`.dq_settings ADD COLUMNS (
  version BIGINT COMMENT 'Counts the edits of the row from 1.'
);
UPDATE `{schema}`.dq_settings SET version = 1 WHERE version IS NULL;
