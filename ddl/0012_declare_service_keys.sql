-- What only Databricks understands, for the tables since version 8: informational keys, and
-- clustering by the ids and dates that are looked up. Dropped before they are added, so that every
-- statement can run twice.

-- only: databricks
ALTER TABLE `{schema}`.dq_organizations DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_organizations ADD CONSTRAINT dq_organizations_pk PRIMARY KEY (organization_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_workspaces DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_workspaces ADD CONSTRAINT dq_workspaces_pk PRIMARY KEY (workspace_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_users DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_users ADD CONSTRAINT dq_users_pk PRIMARY KEY (user_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_memberships DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_memberships ADD CONSTRAINT dq_memberships_pk PRIMARY KEY (membership_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_api_keys DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_api_keys ADD CONSTRAINT dq_api_keys_pk PRIMARY KEY (api_key_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_audit_log DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_audit_log ADD CONSTRAINT dq_audit_log_pk PRIMARY KEY (workspace_id, sequence);

-- only: databricks
ALTER TABLE `{schema}`.dq_schedules DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_schedules ADD CONSTRAINT dq_schedules_pk PRIMARY KEY (schedule_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_jobs DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_jobs ADD CONSTRAINT dq_jobs_pk PRIMARY KEY (job_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_incidents DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_incidents ADD CONSTRAINT dq_incidents_pk PRIMARY KEY (incident_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_incident_events DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_incident_events ADD CONSTRAINT dq_incident_events_pk PRIMARY KEY (event_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_outbox DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_outbox ADD CONSTRAINT dq_outbox_pk PRIMARY KEY (event_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_test_suites DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_test_suites ADD CONSTRAINT dq_test_suites_pk PRIMARY KEY (suite_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_test_versions DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_test_versions ADD CONSTRAINT dq_test_versions_pk PRIMARY KEY (test_id, version);

-- only: databricks
ALTER TABLE `{schema}`.dq_answered_requests DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_answered_requests ADD CONSTRAINT dq_answered_requests_pk PRIMARY KEY (request_key);

-- only: databricks
ALTER TABLE `{schema}`.dq_audit_log CLUSTER BY (workspace_id, sequence);

-- only: databricks
ALTER TABLE `{schema}`.dq_jobs CLUSTER BY (created_at);

-- only: databricks
ALTER TABLE `{schema}`.dq_incidents CLUSTER BY (last_seen);

-- only: databricks
ALTER TABLE `{schema}`.dq_incident_events CLUSTER BY (incident_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_outbox CLUSTER BY (created_at);

-- only: databricks
ALTER TABLE `{schema}`.dq_test_versions CLUSTER BY (test_id);
