-- Keys and clustering are hints; without them every statement still gives the same answer.

-- only: databricks
ALTER TABLE `{schema}`.dq_answered_requests DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_test_versions DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_test_suites DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_outbox DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_incident_events DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_incidents DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_jobs DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_schedules DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_audit_log DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_api_keys DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_memberships DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_users DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_workspaces DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_organizations DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_audit_log CLUSTER BY NONE;

-- only: databricks
ALTER TABLE `{schema}`.dq_jobs CLUSTER BY NONE;

-- only: databricks
ALTER TABLE `{schema}`.dq_incidents CLUSTER BY NONE;

-- only: databricks
ALTER TABLE `{schema}`.dq_incident_events CLUSTER BY NONE;

-- only: databricks
ALTER TABLE `{schema}`.dq_outbox CLUSTER BY NONE;

-- only: databricks
ALTER TABLE `{schema}`.dq_test_versions CLUSTER BY NONE;
