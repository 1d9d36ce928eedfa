-- Work that is asked for: schedules say when, and every execution is a row that whoever carries it
-- out claims with one conditional update.

CREATE TABLE IF NOT EXISTS `{schema}`.dq_schedules (
  schedule_id STRING NOT NULL COMMENT 'Primary key.',
  project_key STRING NOT NULL COMMENT 'Project it belongs to (dq_projects).',
  name STRING NOT NULL COMMENT 'Display name.',
  kind STRING NOT NULL COMMENT 'What is done: profile or test.',
  target_type STRING NOT NULL COMMENT 'What it is done to: table, group or suite.',
  target_ref STRING NOT NULL COMMENT 'Id of the table or group, or key of the suite.',
  cron STRING NOT NULL COMMENT 'Five fields: minute, hour, day of month, month, day of week.',
  timezone STRING COMMENT 'IANA time zone that the fields are read in.',
  is_enabled BOOLEAN COMMENT 'Whether it fires.',
  catch_up STRING COMMENT 'After downtime: skip, once or all missed slots.',
  overlap STRING COMMENT 'While the last job still runs: skip, queue or allow.',
  jitter_s INT COMMENT 'Seconds by which starts are spread.',
  timeout_s INT COMMENT 'Seconds a job may run.',
  max_attempts INT COMMENT 'Times a job that could not run is tried.',
  next_run_at TIMESTAMP COMMENT 'The next slot, UTC; null while it is disabled.',
  last_slot_at TIMESTAMP COMMENT 'The last slot that was claimed, UTC.',
  last_run_at TIMESTAMP COMMENT 'When the last slot was claimed, UTC.',
  last_job_id STRING COMMENT 'Job of the last slot (dq_jobs).',
  missed_count BIGINT COMMENT 'Slots that were missed or skipped.',
  created_at TIMESTAMP NOT NULL COMMENT 'When the row was made, UTC.',
  updated_at TIMESTAMP NOT NULL COMMENT 'When the row was last changed, UTC.',
  version BIGINT COMMENT 'Counts the edits of the row from 1.',
  deleted_at TIMESTAMP COMMENT 'When the row was removed, UTC; null while it is in use.'
)
USING DELTA
COMMENT 'Schedules: when work is asked for.'
TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');

CREATE TABLE IF NOT EXISTS `{schema}`.dq_jobs (
  job_id STRING NOT NULL COMMENT 'Primary key.',
  project_key STRING NOT NULL COMMENT 'Project it belongs to (dq_projects).',
  kind STRING NOT NULL COMMENT 'What is done: profile or test.',
  target_type STRING NOT NULL COMMENT 'What it is done to: table, group or suite.',
  target_ref STRING NOT NULL COMMENT 'Id of the table or group, or key of the suite.',
  title STRING NOT NULL COMMENT 'What it does, in words.',
  status STRING COMMENT 'queued, running, succeeded, failed, cancelled or timed_out.',
  trigger_source STRING COMMENT 'manual, schedule, ingestion, api or retry.',
  priority INT COMMENT 'From 1 (first) to 10 (last).',
  attempt INT COMMENT 'How often it was started.',
  max_attempts INT COMMENT 'How often it may be started.',
  timeout_s INT COMMENT 'Seconds it may run.',
  run_id STRING NOT NULL COMMENT 'Run it makes (dq_test_runs or dq_profiles).',
  retry_of STRING COMMENT 'Job it repeats (dq_jobs).',
  schedule_id STRING COMMENT 'Schedule that asked for it (dq_schedules).',
  slot_at TIMESTAMP COMMENT 'Slot of the schedule, UTC.',
  requested_by STRING COMMENT 'Who asked for it.',
  launcher STRING COMMENT 'What carries it out: local or databricks.',
  worker STRING COMMENT 'The process that has it.',
  platform_run_id STRING COMMENT 'Run of the platform that carries it out.',
  progress_phase STRING COMMENT 'What is being done.',
  progress_done INT COMMENT 'Steps done of this phase.',
  progress_total INT COMMENT 'Steps of this phase.',
  error_message STRING COMMENT 'Why it failed; null otherwise.',
  cancel_requested_at TIMESTAMP COMMENT 'When somebody asked to stop it, UTC.',
  created_at TIMESTAMP NOT NULL COMMENT 'When it was asked for, UTC.',
  started_at TIMESTAMP COMMENT 'When it was last started, UTC.',
  heartbeat_at TIMESTAMP COMMENT 'When its worker was last heard of, UTC.',
  completed_at TIMESTAMP COMMENT 'When it ended, UTC.',
  updated_at TIMESTAMP NOT NULL COMMENT 'When the row was last changed, UTC.',
  version BIGINT COMMENT 'Counts the edits of the row from 1.'
)
USING DELTA
COMMENT 'Jobs: one requested execution each.'
TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');
