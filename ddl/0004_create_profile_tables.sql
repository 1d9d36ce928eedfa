-- A profile in rows instead of one document, so that it can be queried: one row per profiled
-- table and one per column, each with the table version it was read at. Written once per run.

CREATE TABLE IF NOT EXISTS `{schema}`.dq_table_profiles (
  profile_run_id STRING NOT NULL COMMENT 'Run that measured it (dq_profiles).',
  table_id STRING NOT NULL COMMENT 'Table that was profiled (dq_tables).',
  table_name STRING NOT NULL COMMENT 'Name of the table.',
  table_version BIGINT COMMENT 'Delta version the data was read at; null for plain files.',
  fingerprint STRING NOT NULL COMMENT 'Changes whenever the data may have changed.',
  row_count BIGINT COMMENT 'Rows of the table.',
  column_count INT NOT NULL COMMENT 'Columns of the table.',
  size_bytes BIGINT COMMENT 'Compressed size of its files in bytes.',
  statement_count INT NOT NULL COMMENT 'Statements that were needed.',
  columns_read INT NOT NULL COMMENT 'Columns decoded, summed over the statements.',
  duration_ms BIGINT NOT NULL COMMENT 'Milliseconds it took.',
  error_message STRING COMMENT 'Why it could not be profiled; null otherwise.',
  profiled_at TIMESTAMP NOT NULL COMMENT 'When it was measured, UTC.'
)
USING DELTA
COMMENT 'Profiled tables, one row per run and table.';

CREATE TABLE IF NOT EXISTS `{schema}`.dq_column_profiles (
  profile_run_id STRING NOT NULL COMMENT 'Run that measured it (dq_profiles).',
  table_id STRING NOT NULL COMMENT 'Table that was profiled (dq_tables).',
  table_name STRING NOT NULL COMMENT 'Name of the table.',
  table_version BIGINT COMMENT 'Delta version the data was read at; null for plain files.',
  column_name STRING NOT NULL COMMENT 'Name of the column.',
  position INT NOT NULL COMMENT 'Place of the column in its table, from 0.',
  data_type STRING NOT NULL COMMENT 'SQL type of the column.',
  general_type STRING NOT NULL COMMENT 'Kind of type, such as number, text or time.',
  semantic_type STRING COMMENT 'What the values seem to be, such as an e-mail address.',
  row_count BIGINT COMMENT 'Rows of the table.',
  null_count BIGINT COMMENT 'Rows without a value.',
  distinct_count BIGINT COMMENT 'Different values.',
  distinct_is_exact BOOLEAN COMMENT 'False when distinct_count is approximate.',
  distinct_error DOUBLE COMMENT 'Relative standard error of an approximate distinct_count.',
  min_value STRING COMMENT 'Smallest value as text.',
  max_value STRING COMMENT 'Largest value as text.',
  mean DOUBLE COMMENT 'Mean of the values.',
  stddev DOUBLE COMMENT 'Sample standard deviation of the values.',
  quantiles STRING COMMENT 'JSON: quantiles of the values.',
  min_length BIGINT COMMENT 'Shortest text in characters.',
  max_length BIGINT COMMENT 'Longest text in characters.',
  mean_length DOUBLE COMMENT 'Mean length of the texts in characters.',
  blank_count BIGINT COMMENT 'Texts that are empty or only blanks.',
  leading_space_count BIGINT COMMENT 'Texts that start with a blank.',
  trailing_space_count BIGINT COMMENT 'Texts that end with a blank.',
  placeholder_count BIGINT COMMENT 'Texts such as n/a or unknown that stand for a missing value.',
  numeric_text_count BIGINT COMMENT 'Texts that are numbers.',
  date_text_count BIGINT COMMENT 'Texts that are dates.',
  zero_count BIGINT COMMENT 'Numbers that are zero.',
  negative_count BIGINT COMMENT 'Numbers below zero.',
  nan_count BIGINT COMMENT 'Values that are not a number (NaN).',
  infinite_count BIGINT COMMENT 'Values that are infinite.',
  true_count BIGINT COMMENT 'Values that are true.',
  false_count BIGINT COMMENT 'Values that are false.',
  future_count BIGINT COMMENT 'Dates and times after the run.',
  before_1900_count BIGINT COMMENT 'Dates and times before 1900.',
  top_values STRING COMMENT 'JSON: the most frequent values and their counts.',
  patterns STRING COMMENT 'JSON: the most frequent shapes of the texts and their counts.',
  error_message STRING COMMENT 'Measures that could not be taken, and why; null otherwise.',
  profiled_at TIMESTAMP NOT NULL COMMENT 'When it was measured, UTC.'
)
USING DELTA
COMMENT 'Measures of columns, one row per run, table and column.';
