-- Every version of a test to go back to, suites that can be described, and the answers to requests
-- that must not be carried out twice.

CREATE TABLE IF NOT EXISTS `{schema}`.dq_test_suites (
  suite_id STRING NOT NULL COMMENT 'Primary key.',
  project_key STRING NOT NULL COMMENT 'Project it belongs to (dq_projects).',
  test_suite_key STRING NOT NULL COMMENT 'Key that its tests carry (dq_tests).',
  description STRING COMMENT 'What the suite is for.',
  created_at TIMESTAMP NOT NULL COMMENT 'When the row was made, UTC.',
  updated_at TIMESTAMP NOT NULL COMMENT 'When the row was last changed, UTC.',
  version BIGINT COMMENT 'Counts the edits of the row from 1.',
  deleted_at TIMESTAMP COMMENT 'When the row was removed, UTC; null while it is in use.'
)
USING DELTA
COMMENT 'Test suites with what people say about them.'
TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');

CREATE TABLE IF NOT EXISTS `{schema}`.dq_test_versions (
  test_id STRING NOT NULL COMMENT 'Test (dq_tests).',
  version BIGINT NOT NULL COMMENT 'Version of the test.',
  change STRING NOT NULL COMMENT 'create, update, delete, refresh or roll_back.',
  test STRING NOT NULL COMMENT 'JSON: the whole test at this version.',
  changed_by STRING NOT NULL COMMENT 'Who made the change.',
  created_at TIMESTAMP NOT NULL COMMENT 'When it was made, UTC.'
)
USING DELTA
COMMENT 'Every version of every test, to look at and to go back to.'
TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');

CREATE TABLE IF NOT EXISTS `{schema}`.dq_answered_requests (
  request_key STRING NOT NULL COMMENT 'Primary key, of who asked, the route and the idempotency key.',
  workspace_id STRING NOT NULL COMMENT 'Workspace it was made in (dq_workspaces).',
  request_hash STRING NOT NULL COMMENT 'Hash of method, path and body.',
  status_code INT COMMENT 'HTTP status of the answer; null while it is being carried out.',
  headers STRING COMMENT 'JSON: headers of the answer that a repetition needs.',
  body STRING COMMENT 'Body of the answer.',
  created_at TIMESTAMP NOT NULL COMMENT 'When it was asked, UTC.',
  expires_at TIMESTAMP NOT NULL COMMENT 'When it is forgotten, UTC.',
  version BIGINT COMMENT 'Counts the edits of the row from 1.',
  updated_at TIMESTAMP NOT NULL COMMENT 'When the row was last changed, UTC.'
)
USING DELTA
COMMENT 'Answers to requests with an idempotency key, for 24 hours.'
TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');
