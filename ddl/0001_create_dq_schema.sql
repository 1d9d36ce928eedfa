-- The eleven tables everything else builds on: what is watched, what was measured, what to look at.
-- Names, columns and types are a public contract; later files only add columns to them.
-- NOT NULL stands on keys and on references to keys: no row can be found without them.

CREATE TABLE IF NOT EXISTS `{schema}`.dq_projects (
  project_key STRING NOT NULL COMMENT 'Primary key, such as default.',
  name STRING COMMENT 'Display name.',
  description STRING COMMENT 'What the project is about.',
  sql_flavor STRING COMMENT 'SQL dialect of its tables: databricks.',
  created_at TIMESTAMP COMMENT 'When the row was made, UTC.',
  updated_at TIMESTAMP COMMENT 'When the row was last changed, UTC.'
)
USING DELTA
COMMENT 'Projects: one per tenant or environment.';

CREATE TABLE IF NOT EXISTS `{schema}`.dq_connections (
  connection_id STRING NOT NULL COMMENT 'Primary key.',
  project_key STRING NOT NULL COMMENT 'Project it belongs to (dq_projects).',
  system_id STRING COMMENT 'Id of the system in the caller''s own records.',
  name STRING COMMENT 'Display name.',
  catalog STRING COMMENT 'Catalog that is profiled and tested.',
  schema_name STRING COMMENT 'Schema that is profiled and tested.',
  http_path STRING COMMENT 'HTTP path of the SQL warehouse, kept for audit.',
  managed_credentials_ref STRING COMMENT 'Key of the credentials in the secret store; never a value.',
  created_at TIMESTAMP COMMENT 'When the row was made, UTC.',
  updated_at TIMESTAMP COMMENT 'When the row was last changed, UTC.',
  is_active BOOLEAN COMMENT 'Whether it is in use.'
)
USING DELTA
COMMENT 'Connections: where the tables of a project live.';

CREATE TABLE IF NOT EXISTS `{schema}`.dq_table_groups (
  table_group_id STRING NOT NULL COMMENT 'Primary key.',
  connection_id STRING NOT NULL COMMENT 'Connection it belongs to (dq_connections).',
  name STRING COMMENT 'Display name.',
  description STRING COMMENT 'What the tables have in common.',
  profiling_include_mask STRING COMMENT 'Patterns of table names to profile.',
  profiling_exclude_mask STRING COMMENT 'Patterns of table names to leave out.',
  created_at TIMESTAMP COMMENT 'When the row was made, UTC.',
  updated_at TIMESTAMP COMMENT 'When the row was last changed, UTC.'
)
USING DELTA
COMMENT 'Table groups: tables that are profiled and tested together.';

CREATE TABLE IF NOT EXISTS `{schema}`.dq_tables (
  table_id STRING NOT NULL COMMENT 'Primary key.',
  table_group_id STRING NOT NULL COMMENT 'Group it belongs to (dq_table_groups).',
  schema_name STRING COMMENT 'Schema of the table.',
  table_name STRING COMMENT 'Name of the table.',
  source_table_id STRING COMMENT 'Id of the table in the caller''s own records.',
  created_at TIMESTAMP COMMENT 'When the row was made, UTC.'
)
USING DELTA
COMMENT 'Tables of a group.';

CREATE TABLE IF NOT EXISTS `{schema}`.dq_profiles (
  profile_run_id STRING NOT NULL COMMENT 'Primary key.',
  table_group_id STRING NOT NULL COMMENT 'Group that was profiled (dq_table_groups).',
  status STRING COMMENT 'pending, running, completed, failed or cancelled.',
  started_at TIMESTAMP COMMENT 'When the run started, UTC.',
  completed_at TIMESTAMP COMMENT 'When the run ended, UTC.',
  row_count BIGINT COMMENT 'Rows of the profiled tables.',
  anomaly_count INT COMMENT 'Anomalies that were found.',
  payload_path STRING COMMENT 'Path of a large result kept outside the tables.'
)
USING DELTA
COMMENT 'Profiling runs.';

CREATE TABLE IF NOT EXISTS `{schema}`.dq_profile_anomalies (
  profile_run_id STRING NOT NULL COMMENT 'Run that found it (dq_profiles).',
  table_name STRING COMMENT 'Table it was found in.',
  column_name STRING COMMENT 'Column it was found in; null when it concerns the table.',
  anomaly_type STRING COMMENT 'Code of the anomaly.',
  severity STRING COMMENT 'How much it matters: warning, error or fatal.',
  description STRING COMMENT 'What was seen, in words.',
  detected_at TIMESTAMP COMMENT 'When it was found, UTC.'
)
USING DELTA
COMMENT 'Anomalies found by profiling runs.';

CREATE TABLE IF NOT EXISTS `{schema}`.dq_tests (
  test_id STRING NOT NULL COMMENT 'Primary key.',
  table_group_id STRING NOT NULL COMMENT 'Group the tested table belongs to (dq_table_groups).',
  test_suite_key STRING COMMENT 'Suite the test runs in; default_suite unless set.',
  name STRING COMMENT 'Display name.',
  rule_type STRING COMMENT 'Check type of the test.',
  definition STRING COMMENT 'JSON: columns and parameters of the test.',
  created_at TIMESTAMP COMMENT 'When the row was made, UTC.',
  updated_at TIMESTAMP COMMENT 'When the row was last changed, UTC.'
)
USING DELTA
COMMENT 'Tests: check types bound to tables and columns.';

CREATE TABLE IF NOT EXISTS `{schema}`.dq_test_runs (
  test_run_id STRING NOT NULL COMMENT 'Primary key.',
  test_suite_key STRING COMMENT 'Suite that ran.',
  project_key STRING COMMENT 'Project it ran for (dq_projects).',
  status STRING COMMENT 'pending, running, completed, failed or cancelled.',
  started_at TIMESTAMP COMMENT 'When the run started, UTC.',
  completed_at TIMESTAMP COMMENT 'When the run ended, UTC.',
  duration_ms BIGINT COMMENT 'Milliseconds from start to end.',
  total_tests INT COMMENT 'Tests that ran.',
  failed_tests INT COMMENT 'Tests that failed.',
  trigger_source STRING COMMENT 'What started the run: manual, schedule, ingestion or api.'
)
USING DELTA
COMMENT 'Executions of test suites.';

CREATE TABLE IF NOT EXISTS `{schema}`.dq_test_results (
  test_run_id STRING NOT NULL COMMENT 'Run that gave it (dq_test_runs).',
  test_id STRING NOT NULL COMMENT 'Test that was judged (dq_tests).',
  table_name STRING COMMENT 'Table that was tested.',
  column_name STRING COMMENT 'Column that was tested; null when the test concerns the table.',
  result_status STRING COMMENT 'Verdict: pass, warn, fail, error, no_data or skipped.',
  expected_value STRING COMMENT 'What was expected, in words.',
  actual_value STRING COMMENT 'What was measured.',
  message STRING COMMENT 'The verdict in one sentence.',
  detected_at TIMESTAMP COMMENT 'When it was measured, UTC.'
)
USING DELTA
COMMENT 'Verdicts of test runs, one per test and run.';

CREATE TABLE IF NOT EXISTS `{schema}`.dq_alerts (
  alert_id STRING NOT NULL COMMENT 'Primary key.',
  source_type STRING COMMENT 'What raised it: profile_anomaly or test_failure.',
  source_ref STRING COMMENT 'Profiling run or test run it came from.',
  severity STRING COMMENT 'How much it matters: warning, error or fatal.',
  title STRING COMMENT 'One line for people.',
  details STRING COMMENT 'The longer message.',
  acknowledged BOOLEAN COMMENT 'Whether somebody has taken note.',
  acknowledged_by STRING COMMENT 'Who took note.',
  acknowledged_at TIMESTAMP COMMENT 'When note was taken, UTC.',
  created_at TIMESTAMP COMMENT 'When it was raised, UTC.'
)
USING DELTA
COMMENT 'Alerts for people and for notification services.';

CREATE TABLE IF NOT EXISTS `{schema}`.dq_settings (
  key STRING NOT NULL COMMENT 'Primary key, such as schema_version.',
  value STRING COMMENT 'Value of the setting as text.',
  updated_at TIMESTAMP COMMENT 'When it was last changed, UTC.'
)
USING DELTA
COMMENT 'Settings of this schema, its version among them.';
