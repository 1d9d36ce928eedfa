-- Keys and clustering are hints; without them every statement still gives the same answer.

-- only: databricks
ALTER TABLE `{schema}`.dq_column_profiles DROP CONSTRAINT IF EXISTS dq_column_profiles_profile_run_id_fk;

-- only: databricks
ALTER TABLE `{schema}`.dq_table_profiles DROP CONSTRAINT IF EXISTS dq_table_profiles_profile_run_id_fk;

-- only: databricks
ALTER TABLE `{schema}`.dq_test_results DROP CONSTRAINT IF EXISTS dq_test_results_test_id_fk;

-- only: databricks
ALTER TABLE `{schema}`.dq_test_results DROP CONSTRAINT IF EXISTS dq_test_results_test_run_id_fk;

-- only: databricks
ALTER TABLE `{schema}`.dq_test_runs DROP CONSTRAINT IF EXISTS dq_test_runs_project_key_fk;

-- only: databricks
ALTER TABLE `{schema}`.dq_tests DROP CONSTRAINT IF EXISTS dq_tests_table_group_id_fk;

-- only: databricks
ALTER TABLE `{schema}`.dq_profile_anomalies DROP CONSTRAINT IF EXISTS dq_profile_anomalies_profile_run_id_fk;

-- only: databricks
ALTER TABLE `{schema}`.dq_profiles DROP CONSTRAINT IF EXISTS dq_profiles_table_group_id_fk;

-- only: databricks
ALTER TABLE `{schema}`.dq_tables DROP CONSTRAINT IF EXISTS dq_tables_table_group_id_fk;

-- only: databricks
ALTER TABLE `{schema}`.dq_table_groups DROP CONSTRAINT IF EXISTS dq_table_groups_connection_id_fk;

-- only: databricks
ALTER TABLE `{schema}`.dq_connections DROP CONSTRAINT IF EXISTS dq_connections_project_key_fk;

-- only: databricks
ALTER TABLE `{schema}`.dq_projects DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_connections DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_table_groups DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_tables DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_profiles DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_tests DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_test_runs DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_alerts DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_settings DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_table_profiles DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_column_profiles DROP PRIMARY KEY IF EXISTS CASCADE;

-- only: databricks
ALTER TABLE `{schema}`.dq_profile_anomalies CLUSTER BY NONE;

-- only: databricks
ALTER TABLE `{schema}`.dq_test_results CLUSTER BY NONE;

-- only: databricks
ALTER TABLE `{schema}`.dq_column_profiles CLUSTER BY NONE;

-- only: databricks
ALTER TABLE `{schema}`.dq_alerts CLUSTER BY NONE;

-- only: databricks
ALTER TABLE `{schema}`.dq_test_runs CLUSTER BY NONE;

-- only: databricks
ALTER TABLE `{schema}`.dq_profiles CLUSTER BY NONE;
