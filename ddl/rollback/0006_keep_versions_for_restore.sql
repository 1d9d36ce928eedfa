-- Tables fall back to the retention of the platform; restore points may become unreachable sooner.

ALTER TABLE `{schema}`.dq_projects UNSET TBLPROPERTIES IF EXISTS ('delta.deletedFileRetentionDuration', 'delta.logRetentionDuration');
ALTER TABLE `{schema}`.dq_connections UNSET TBLPROPERTIES IF EXISTS ('delta.deletedFileRetentionDuration', 'delta.logRetentionDuration');
ALTER TABLE `{schema}`.dq_table_groups UNSET TBLPROPERTIES IF EXISTS ('delta.deletedFileRetentionDuration', 'delta.logRetentionDuration');
ALTER TABLE `{schema}`.dq_tables UNSET TBLPROPERTIES IF EXISTS ('delta.deletedFileRetentionDuration', 'delta.logRetentionDuration');
ALTER TABLE `{schema}`.dq_profiles UNSET TBLPROPERTIES IF EXISTS ('delta.deletedFileRetentionDuration', 'delta.logRetentionDuration');
ALTER TABLE `{schema}`.dq_profile_anomalies UNSET TBLPROPERTIES IF EXISTS ('delta.deletedFileRetentionDuration', 'delta.logRetentionDuration');
ALTER TABLE `{schema}`.dq_tests UNSET TBLPROPERTIES IF EXISTS ('delta.deletedFileRetentionDuration', 'delta.logRetentionDuration');
ALTER TABLE `{schema}`.dq_test_runs UNSET TBLPROPERTIES IF EXISTS ('delta.deletedFileRetentionDuration', 'delta.logRetentionDuration');
ALTER TABLE `{schema}`.dq_test_results UNSET TBLPROPERTIES IF EXISTS ('delta.deletedFileRetentionDuration', 'delta.logRetentionDuration');
ALTER TABLE `{schema}`.dq_alerts UNSET TBLPROPERTIES IF EXISTS ('delta.deletedFileRetentionDuration', 'delta.logRetentionDuration');
ALTER TABLE `{schema}`.dq_settings UNSET TBLPROPERTIES IF EXISTS ('delta.deletedFileRetentionDuration', 'delta.logRetentionDuration');
ALTER TABLE `{schema}`.dq_table_profiles UNSET TBLPROPERTIES IF EXISTS ('delta.deletedFileRetentionDuration', 'delta.logRetentionDuration');
ALTER TABLE `{schema}`.dq_column_profiles UNSET TBLPROPERTIES IF EXISTS ('delta.deletedFileRetentionDuration', 'delta.logRetentionDuration');
