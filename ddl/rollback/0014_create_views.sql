-- Views hold no rows: nothing is lost.

DROP VIEW IF EXISTS `{schema}`.v_run_cost;
DROP VIEW IF EXISTS `{schema}`.v_anomalies;
DROP VIEW IF EXISTS `{schema}`.v_table_profiles;
DROP VIEW IF EXISTS `{schema}`.v_runs;
DROP VIEW IF EXISTS `{schema}`.v_due_schedules;
DROP VIEW IF EXISTS `{schema}`.v_open_incidents;
DROP VIEW IF EXISTS `{schema}`.v_pass_rate_by_day;
DROP VIEW IF EXISTS `{schema}`.v_pass_rate_by_table;
DROP VIEW IF EXISTS `{schema}`.v_active_tests;
DROP VIEW IF EXISTS `{schema}`.v_latest_results;
DROP VIEW IF EXISTS `{schema}`.v_results;
