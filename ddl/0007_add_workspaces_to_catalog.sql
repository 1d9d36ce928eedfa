-- Projects belong to a workspace and say how their failures become incidents; connections know how
-- they fared when they were last tried; runs name the job that asked for them; people say what an
-- anomaly is worth. Projects made before belong to the workspace every installation starts with.

ALTER TABLE `{schema}`.dq_projects ADD COLUMNS (
  workspace_id STRING COMMENT 'Workspace it belongs to (dq_workspaces).',
  incident_key STRING COMMENT 'What failures are put together by: test, table or dimension.',
  reopen_hours INT COMMENT 'Hours within which a failure reopens a resolved incident.',
  resolve_after_passes INT COMMENT 'Runs in a row without a failure that resolve an incident; 0: none does.'
);
UPDATE `{schema}`.dq_projects SET workspace_id = 'default' WHERE workspace_id IS NULL;

ALTER TABLE `{schema}`.dq_connections ADD COLUMNS (
  connection_type STRING COMMENT 'Kind of source, such as databricks.',
  status STRING COMMENT 'unknown, healthy, unhealthy or error.',
  last_tested_at TIMESTAMP COMMENT 'When it was last tried, UTC.',
  last_error STRING COMMENT 'Why the last try failed; null otherwise.'
);

ALTER TABLE `{schema}`.dq_profiles ADD COLUMNS (
  job_id STRING COMMENT 'Job that asked for it (dq_jobs); null when somebody ran it by hand.'
);

ALTER TABLE `{schema}`.dq_test_runs ADD COLUMNS (
  job_id STRING COMMENT 'Job that asked for it (dq_jobs); null when somebody ran it by hand.'
);

ALTER TABLE `{schema}`.dq_profile_anomalies ADD COLUMNS (
  disposition STRING COMMENT 'What a person said about it: confirmed, dismissed or muted; null: nothing yet.',
  disposed_by STRING COMMENT 'Who said so.',
  disposed_at TIMESTAMP COMMENT 'When it was said, UTC.'
);
