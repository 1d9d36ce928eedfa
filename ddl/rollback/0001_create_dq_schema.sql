-- Removes the eleven tables and everything stored in them.
-- destructive: all metadata of this schema is lost.

DROP TABLE IF EXISTS `{schema}`.dq_settings;
DROP TABLE IF EXISTS `{schema}`.dq_alerts;
DROP TABLE IF EXISTS `{schema}`.dq_test_results;
DROP TABLE IF EXISTS `{schema}`.dq_test_runs;
DROP TABLE IF EXISTS `{schema}`.dq_tests;
DROP TABLE IF EXISTS `{schema}`.dq_profile_anomalies;
DROP TABLE IF EXISTS `{schema}`.dq_profiles;
DROP TABLE IF EXISTS `{schema}`.dq_tables;
DROP TABLE IF EXISTS `{schema}`.dq_table_groups;
DROP TABLE IF EXISTS `{schema}`.dq_connections;
DROP TABLE IF EXISTS `{schema}`.dq_projects;
