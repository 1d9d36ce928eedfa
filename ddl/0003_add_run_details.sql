-- Every verdict is explained by one stored row: what was asked, at which table version, what
-- answered and how long it took. Tests and tables say what exactly they are bound to; runs say
-- what they covered and why they failed. Older rows get the plainest value that is true of them.

ALTER TABLE `{schema}`.dq_tables ADD COLUMNS (
  catalog STRING COMMENT 'Catalog of the table; null for files.',
  file_format STRING COMMENT 'delta, parquet or csv for files; null for a catalog table.',
  path STRING COMMENT 'Path, glob or address of files; null for a catalog table.'
);

ALTER TABLE `{schema}`.dq_profiles ADD COLUMNS (
  project_key STRING COMMENT 'Project it ran for (dq_projects).',
  table_name STRING COMMENT 'The table that was profiled; null when there were several.',
  table_count INT COMMENT 'Tables that were profiled.',
  duration_ms BIGINT COMMENT 'Milliseconds from start to end.',
  trigger_source STRING COMMENT 'What started the run: manual, schedule, ingestion or api.',
  error_message STRING COMMENT 'Why the run failed; null otherwise.'
);

ALTER TABLE `{schema}`.dq_profile_anomalies ADD COLUMNS (
  anomaly_id STRING COMMENT 'Primary key.',
  table_id STRING COMMENT 'Table it was found in (dq_tables).',
  table_version BIGINT COMMENT 'Delta version the data was read at; null for plain files.',
  prevalence DOUBLE COMMENT 'Share of the rows concerned, 0 to 1.',
  suggestion STRING COMMENT 'What to do about it, in words.'
);
UPDATE `{schema}`.dq_profile_anomalies
SET
  anomaly_id = concat(profile_run_id, '/', table_name, '/', coalesce(column_name, ''), '/', anomaly_type),
  table_id = table_name
WHERE anomaly_id IS NULL;

ALTER TABLE `{schema}`.dq_tests ADD COLUMNS (
  table_id STRING COMMENT 'Table that is tested (dq_tables).',
  table_name STRING COMMENT 'Name of the table that is tested.',
  column_name STRING COMMENT 'Column that is tested; null when the test concerns the table.',
  severity STRING COMMENT 'What a failure means: warning, error or fatal.',
  is_active BOOLEAN COMMENT 'Whether the test runs.',
  is_locked BOOLEAN COMMENT 'Whether a person edited it; proposals then leave it alone.',
  origin STRING COMMENT 'Who made it: proposed or manual.',
  reason STRING COMMENT 'Why it was proposed, in words.',
  profile_run_id STRING COMMENT 'Profiling run it was proposed from (dq_profiles).'
);
UPDATE `{schema}`.dq_tests
SET
  table_id = '',
  table_name = '',
  severity = 'error',
  is_active = true,
  is_locked = false,
  origin = 'manual'
WHERE table_id IS NULL;

ALTER TABLE `{schema}`.dq_test_runs ADD COLUMNS (
  table_group_id STRING COMMENT 'Group whose tables were tested (dq_table_groups).',
  table_name STRING COMMENT 'The table that was tested; null when there were several.',
  warned_tests INT COMMENT 'Tests that warned.',
  error_tests INT COMMENT 'Tests that could not be measured.',
  statement_count INT COMMENT 'Statements that were needed.',
  error_message STRING COMMENT 'Why the run failed; null otherwise.'
);

ALTER TABLE `{schema}`.dq_test_results ADD COLUMNS (
  result_id STRING COMMENT 'Primary key.',
  test_name STRING COMMENT 'Name of the test when it ran.',
  check_type STRING COMMENT 'Check type of the test when it ran.',
  severity STRING COMMENT 'Severity of the test when it ran.',
  table_id STRING COMMENT 'Table that was tested (dq_tables).',
  table_version BIGINT COMMENT 'Delta version the data was read at; null for plain files.',
  fingerprint STRING COMMENT 'Changes whenever the data may have changed, for plain files too.',
  row_count BIGINT COMMENT 'Rows of the table.',
  measured_value DOUBLE COMMENT 'The number that was judged; null when it is not a number.',
  lower_bound DOUBLE COMMENT 'The lower limit it was held against.',
  upper_bound DOUBLE COMMENT 'The upper limit it was held against.',
  definition STRING COMMENT 'JSON: columns and parameters of the test when it ran.',
  source STRING COMMENT 'What answered: metadata, statistics, scan, group or query.',
  statement_hash STRING COMMENT 'SHA-256 of the statement that measured it.',
  statement_text STRING COMMENT 'The statement that measured it.',
  duration_ms BIGINT COMMENT 'Milliseconds of that statement, which other tests may share.',
  previous_status STRING COMMENT 'Verdict of the last result of the same test.',
  previous_value STRING COMMENT 'What the last result of the same test measured.'
);
UPDATE `{schema}`.dq_test_results
SET
  result_id = concat(test_run_id, '/', test_id),
  test_name = test_id,
  check_type = '',
  severity = 'error',
  table_id = table_name,
  definition = ''
WHERE result_id IS NULL;

ALTER TABLE `{schema}`.dq_alerts ADD COLUMNS (
  source_id STRING COMMENT 'Result or anomaly it came from.',
  project_key STRING COMMENT 'Project it belongs to (dq_projects).',
  table_name STRING COMMENT 'Table it concerns.',
  column_name STRING COMMENT 'Column it concerns; null when it concerns the table.'
);
