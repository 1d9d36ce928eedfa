-- Failures that belong together, with their timeline, and the events that others are told of.

CREATE TABLE IF NOT EXISTS `{schema}`.dq_incidents (
  incident_id STRING NOT NULL COMMENT 'Primary key.',
  project_key STRING NOT NULL COMMENT 'Project it belongs to (dq_projects).',
  key_type STRING NOT NULL COMMENT 'What failures are put together by: test, table or dimension.',
  incident_key STRING NOT NULL COMMENT 'The test, the table, or table and dimension, whose failures it holds.',
  ordinal INT NOT NULL COMMENT 'Counts the incidents of its key from 1.',
  status STRING COMMENT 'open, acknowledged or resolved.',
  severity STRING NOT NULL COMMENT 'The highest severity of its failures: warning, error or fatal.',
  title STRING NOT NULL COMMENT 'What failed, in words.',
  table_id STRING NOT NULL COMMENT 'Table that failed (dq_tables).',
  table_name STRING NOT NULL COMMENT 'Name of the table.',
  column_name STRING COMMENT 'Column that failed; null when it concerns more than one.',
  test_id STRING COMMENT 'Test that failed last (dq_tests).',
  test_name STRING COMMENT 'Name of the test that failed last.',
  dimension STRING COMMENT 'Side of quality of the test that failed last.',
  failure_count BIGINT NOT NULL COMMENT 'Failing results it holds.',
  pass_count BIGINT COMMENT 'Runs in a row without a failure since the last one.',
  first_seen TIMESTAMP NOT NULL COMMENT 'When its first failure was found, UTC.',
  last_seen TIMESTAMP NOT NULL COMMENT 'When its last failure was found, UTC.',
  opened_table_version BIGINT COMMENT 'Delta version of the table at the first failure.',
  fixed_table_version BIGINT COMMENT 'Delta version of the table that passed again.',
  last_run_id STRING NOT NULL COMMENT 'The last run that counted for it (dq_test_runs).',
  last_result_id STRING COMMENT 'Its last failing result (dq_test_results).',
  reopened_count INT COMMENT 'How often it was reopened.',
  acknowledged_by STRING COMMENT 'Who took note of it.',
  acknowledged_at TIMESTAMP COMMENT 'When it was taken note of, UTC.',
  assigned_to STRING COMMENT 'Who works on it.',
  resolved_by STRING COMMENT 'Who resolved it.',
  resolved_at TIMESTAMP COMMENT 'When it was resolved, UTC.',
  resolution STRING COMMENT 'fixed, expected, false_alarm, wont_fix or passed_again.',
  resolution_notes STRING COMMENT 'What was done, in words.',
  quiet_until TIMESTAMP COMMENT 'Until when it is snoozed or muted, UTC.',
  quiet_kind STRING COMMENT 'snooze: off the board; mute: on the board without events.',
  quiet_by STRING COMMENT 'Who snoozed or muted it.',
  created_at TIMESTAMP NOT NULL COMMENT 'When the row was made, UTC.',
  updated_at TIMESTAMP NOT NULL COMMENT 'When the row was last changed, UTC.',
  version BIGINT COMMENT 'Counts the edits of the row from 1.'
)
USING DELTA
COMMENT 'Incidents: failures that belong together.'
TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');

CREATE TABLE IF NOT EXISTS `{schema}`.dq_incident_events (
  event_id STRING NOT NULL COMMENT 'Primary key.',
  incident_id STRING NOT NULL COMMENT 'Incident it belongs to (dq_incidents).',
  project_key STRING NOT NULL COMMENT 'Project of the incident (dq_projects).',
  event_type STRING NOT NULL COMMENT 'opened, failed, passed, acknowledged, assigned, commented, snoozed, muted, woken, resolved or reopened.',
  actor STRING COMMENT 'Who did it; null when a run did.',
  test_run_id STRING COMMENT 'Run it was seen by (dq_test_runs).',
  result_id STRING COMMENT 'Result it was seen in (dq_test_results).',
  table_version BIGINT COMMENT 'Delta version of the table that was seen.',
  notes STRING COMMENT 'More, in words.',
  created_at TIMESTAMP NOT NULL COMMENT 'When it happened, UTC.'
)
USING DELTA
COMMENT 'What happened to incidents, in order.'
TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');

CREATE TABLE IF NOT EXISTS `{schema}`.dq_outbox (
  event_id STRING NOT NULL COMMENT 'Primary key.',
  project_key STRING NOT NULL COMMENT 'Project it belongs to (dq_projects).',
  event_type STRING NOT NULL COMMENT 'incident.opened, incident.reopened, incident.resolved or run.failed, for example.',
  entity_type STRING NOT NULL COMMENT 'What it is about, such as incident.',
  entity_id STRING NOT NULL COMMENT 'Key of what it is about.',
  severity STRING COMMENT 'How much it matters: warning, error or fatal.',
  title STRING NOT NULL COMMENT 'What happened, in words.',
  payload STRING COMMENT 'JSON: what a receiver needs.',
  created_at TIMESTAMP NOT NULL COMMENT 'When it happened, UTC.'
)
USING DELTA
COMMENT 'Events for notifications to come: written once, read by whoever delivers.'
TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');
