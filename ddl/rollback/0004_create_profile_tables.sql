-- Removes the profiles of tables and columns; runs and anomalies stay.
-- destructive: profiles stored in rows are lost.

DROP TABLE IF EXISTS `{schema}`.dq_column_profiles;
DROP TABLE IF EXISTS `{schema}`.dq_table_profiles;
