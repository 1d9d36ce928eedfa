-- What only Databricks understands: keys for people and tools that read the catalog (informational,
-- never enforced; the store writes keys conditionally), and clustering by the ids and dates that
-- are drilled into. Dropped before they are added, so that every statement can run twice; keys
-- come before the references to them, because dropping a key drops its references.

-- only: databricks
ALTER TABLE `{schema}`.dq_projects DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_projects ADD CONSTRAINT dq_projects_pk PRIMARY KEY (project_key);

-- only: databricks
ALTER TABLE `{schema}`.dq_connections DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_connections ADD CONSTRAINT dq_connections_pk PRIMARY KEY (connection_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_table_groups DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_table_groups ADD CONSTRAINT dq_table_groups_pk PRIMARY KEY (table_group_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_tables DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_tables ADD CONSTRAINT dq_tables_pk PRIMARY KEY (table_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_profiles DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_profiles ADD CONSTRAINT dq_profiles_pk PRIMARY KEY (profile_run_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_tests DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_tests ADD CONSTRAINT dq_tests_pk PRIMARY KEY (test_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_test_runs DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_test_runs ADD CONSTRAINT dq_test_runs_pk PRIMARY KEY (test_run_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_alerts DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_alerts ADD CONSTRAINT dq_alerts_pk PRIMARY KEY (alert_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_settings DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_settings ADD CONSTRAINT dq_settings_pk PRIMARY KEY (key);

-- only: databricks
ALTER TABLE `{schema}`.dq_table_profiles DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_table_profiles ADD CONSTRAINT dq_table_profiles_pk PRIMARY KEY (profile_run_id, table_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_column_profiles DROP PRIMARY KEY IF EXISTS CASCADE;
-- only: databricks
ALTER TABLE `{schema}`.dq_column_profiles ADD CONSTRAINT dq_column_profiles_pk PRIMARY KEY (profile_run_id, table_id, column_name);

-- only: databricks
ALTER TABLE `{schema}`.dq_connections DROP CONSTRAINT IF EXISTS dq_connections_project_key_fk;
-- only: databricks
ALTER TABLE `{schema}`.dq_connections ADD CONSTRAINT dq_connections_project_key_fk FOREIGN KEY (project_key) REFERENCES `{schema}`.dq_projects (project_key);

-- only: databricks
ALTER TABLE `{schema}`.dq_table_groups DROP CONSTRAINT IF EXISTS dq_table_groups_connection_id_fk;
-- only: databricks
ALTER TABLE `{schema}`.dq_table_groups ADD CONSTRAINT dq_table_groups_connection_id_fk FOREIGN KEY (connection_id) REFERENCES `{schema}`.dq_connections (connection_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_tables DROP CONSTRAINT IF EXISTS dq_tables_table_group_id_fk;
-- only: databricks
ALTER TABLE `{schema}`.dq_tables ADD CONSTRAINT dq_tables_table_group_id_fk FOREIGN KEY (table_group_id) REFERENCES `{schema}`.dq_table_groups (table_group_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_profiles DROP CONSTRAINT IF EXISTS dq_profiles_table_group_id_fk;
-- only: databricks
ALTER TABLE `{schema}`.dq_profiles ADD CONSTRAINT dq_profiles_table_group_id_fk FOREIGN KEY (table_group_id) REFERENCES `{schema}`.dq_table_groups (table_group_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_profile_anomalies DROP CONSTRAINT IF EXISTS dq_profile_anomalies_profile_run_id_fk;
-- only: databricks
ALTER TABLE `{schema}`.dq_profile_anomalies ADD CONSTRAINT dq_profile_anomalies_profile_run_id_fk FOREIGN KEY (profile_run_id) REFERENCES `{schema}`.dq_profiles (profile_run_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_tests DROP CONSTRAINT IF EXISTS dq_tests_table_group_id_fk;
-- only: databricks
ALTER TABLE `{schema}`.dq_tests ADD CONSTRAINT dq_tests_table_group_id_fk FOREIGN KEY (table_group_id) REFERENCES `{schema}`.dq_table_groups (table_group_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_test_runs DROP CONSTRAINT IF EXISTS dq_test_runs_project_key_fk;
-- only: databricks
ALTER TABLE `{schema}`.dq_test_runs ADD CONSTRAINT dq_test_runs_project_key_fk FOREIGN KEY (project_key) REFERENCES `{schema}`.dq_projects (project_key);

-- only: databricks
ALTER TABLE `{schema}`.dq_test_results DROP CONSTRAINT IF EXISTS dq_test_results_test_run_id_fk;
-- only: databricks
ALTER TABLE `{schema}`.dq_test_results ADD CONSTRAINT dq_test_results_test_run_id_fk FOREIGN KEY (test_run_id) REFERENCES `{schema}`.dq_test_runs (test_run_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_test_results DROP CONSTRAINT IF EXISTS dq_test_results_test_id_fk;
-- only: databricks
ALTER TABLE `{schema}`.dq_test_results ADD CONSTRAINT dq_test_results_test_id_fk FOREIGN KEY (test_id) REFERENCES `{schema}`.dq_tests (test_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_table_profiles DROP CONSTRAINT IF EXISTS dq_table_profiles_profile_run_id_fk;
-- only: databricks
ALTER TABLE `{schema}`.dq_table_profiles ADD CONSTRAINT dq_table_profiles_profile_run_id_fk FOREIGN KEY (profile_run_id) REFERENCES `{schema}`.dq_profiles (profile_run_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_column_profiles DROP CONSTRAINT IF EXISTS dq_column_profiles_profile_run_id_fk;
-- only: databricks
ALTER TABLE `{schema}`.dq_column_profiles ADD CONSTRAINT dq_column_profiles_profile_run_id_fk FOREIGN KEY (profile_run_id) REFERENCES `{schema}`.dq_profiles (profile_run_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_profile_anomalies CLUSTER BY (profile_run_id, detected_at);

-- only: databricks
ALTER TABLE `{schema}`.dq_test_results CLUSTER BY (test_id, detected_at);

-- only: databricks
ALTER TABLE `{schema}`.dq_column_profiles CLUSTER BY (table_id, profile_run_id);

-- only: databricks
ALTER TABLE `{schema}`.dq_alerts CLUSTER BY (created_at);

-- only: databricks
ALTER TABLE `{schema}`.dq_test_runs CLUSTER BY (started_at);

-- only: databricks
ALTER TABLE `{schema}`.dq_profiles CLUSTER BY (started_at);
