-- A restore point is the version of every table, so versions must outlive the points that name
-- them: files and log are kept a little longer than the 30 days a point is kept. These are floors
-- for whoever vacuums, the platform included.

ALTER TABLE `{schema}`.dq_projects SET TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');
ALTER TABLE `{schema}`.dq_connections SET TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');
ALTER TABLE `{schema}`.dq_table_groups SET TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');
ALTER TABLE `{schema}`.dq_tables SET TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');
ALTER TABLE `{schema}`.dq_profiles SET TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');
ALTER TABLE `{schema}`.dq_profile_anomalies SET TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');
ALTER TABLE `{schema}`.dq_tests SET TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');
ALTER TABLE `{schema}`.dq_test_runs SET TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');
ALTER TABLE `{schema}`.dq_test_results SET TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');
ALTER TABLE `{schema}`.dq_alerts SET TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');
ALTER TABLE `{schema}`.dq_settings SET TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');
ALTER TABLE `{schema}`.dq_table_profiles SET TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');
ALTER TABLE `{schema}`.dq_column_profiles SET TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 31 days', 'delta.logRetentionDuration' = 'interval 60 days');
