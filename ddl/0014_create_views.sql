-- What analysts and dashboards read: the questions people ask most, answered once. Rows that were
-- removed are left out, and so is whatever a run wrote that did not complete. CREATE OR REPLACE, so
-- that every statement can run twice; a later file that changes a view replaces it whole.

CREATE OR REPLACE VIEW `{schema}`.v_latest_results
COMMENT 'The newest result of every test, of complete runs only.'
AS SELECT
  r.result_id,
  r.test_run_id,
  r.test_id,
  r.project_key,
  r.table_id,
  r.table_name,
  r.column_name,
  r.test_name,
  r.check_type,
  r.severity,
  r.result_status,
  r.measured_value,
  r.lower_bound,
  r.upper_bound,
  r.expected_value,
  r.actual_value,
  r.message,
  r.table_version,
  r.row_count,
  r.source,
  r.detected_at
FROM (
  SELECT
    s.result_id,
    s.test_run_id,
    s.test_id,
    s.table_id,
    s.table_name,
    s.column_name,
    s.test_name,
    s.check_type,
    s.severity,
    s.result_status,
    s.measured_value,
    s.lower_bound,
    s.upper_bound,
    s.expected_value,
    s.actual_value,
    s.message,
    s.table_version,
    s.row_count,
    s.source,
    s.detected_at,
    u.project_key,
    row_number() OVER (PARTITION BY s.test_id ORDER BY s.detected_at DESC, s.result_id DESC) AS place
  FROM `{schema}`.dq_test_results AS s
  JOIN `{schema}`.dq_test_runs AS u
    ON s.test_run_id = u.test_run_id
  WHERE u.status = 'completed'
) AS r
WHERE r.place = 1;

CREATE OR REPLACE VIEW `{schema}`.v_active_tests
COMMENT 'Every active test with its newest result; never_run where it has none.'
AS SELECT
  t.test_id,
  t.name AS test_name,
  t.test_suite_key,
  t.rule_type,
  t.severity,
  t.origin,
  p.project_key,
  g.name AS table_group_name,
  t.table_id,
  t.table_name,
  t.column_name,
  coalesce(r.result_status, 'never_run') AS result_status,
  r.measured_value,
  r.lower_bound,
  r.upper_bound,
  r.message,
  r.table_version,
  r.detected_at AS last_run_at
FROM `{schema}`.dq_tests AS t
JOIN `{schema}`.dq_table_groups AS g
  ON t.table_group_id = g.table_group_id
JOIN `{schema}`.dq_connections AS p
  ON g.connection_id = p.connection_id
LEFT JOIN `{schema}`.v_latest_results AS r
  ON t.test_id = r.test_id
WHERE t.deleted_at IS NULL AND t.is_active AND g.deleted_at IS NULL AND p.deleted_at IS NULL;

CREATE OR REPLACE VIEW `{schema}`.v_results_by_day
COMMENT 'Results of complete runs, counted by day and table; pass_rate is in percent.'
AS SELECT
  CAST(r.detected_at AS DATE) AS day,
  u.project_key,
  r.table_id,
  max(r.table_name) AS table_name,
  count(*) AS results,
  count(CASE WHEN r.result_status = 'pass' THEN 1 END) AS passed,
  count(CASE WHEN r.result_status = 'warn' THEN 1 END) AS warned,
  count(CASE WHEN r.result_status = 'fail' THEN 1 END) AS failed,
  count(CASE WHEN r.result_status = 'error' THEN 1 END) AS errors,
  count(CASE WHEN r.result_status IN ('pass', 'warn', 'fail') THEN 1 END) AS judged
FROM `{schema}`.dq_test_results AS r
JOIN `{schema}`.dq_test_runs AS u
  ON r.test_run_id = u.test_run_id
WHERE u.status = 'completed'
GROUP BY CAST(r.detected_at AS DATE), u.project_key, r.table_id;

CREATE OR REPLACE VIEW `{schema}`.v_pass_rate_by_table
COMMENT 'How many results of the last seven days passed, by table; pass_rate is in percent of those judged.'
AS SELECT
  d.project_key,
  d.table_id,
  max(d.table_name) AS table_name,
  sum(d.results) AS results,
  sum(d.passed) AS passed,
  sum(d.warned) AS warned,
  sum(d.failed) AS failed,
  sum(d.errors) AS errors,
  floor(1000.0D * sum(d.passed) / nullif(sum(d.judged), 0) + 0.5D) / 10.0D AS pass_rate
FROM `{schema}`.v_results_by_day AS d
WHERE d.day > date_sub(current_date(), 7)
GROUP BY d.project_key, d.table_id;

CREATE OR REPLACE VIEW `{schema}`.v_open_incidents
COMMENT 'Incidents that are not resolved, with where they happened; severity_order sorts the worst first.'
AS SELECT
  i.incident_id,
  i.project_key,
  i.status,
  i.severity,
  CASE i.severity WHEN 'fatal' THEN 1 WHEN 'error' THEN 2 ELSE 3 END AS severity_order,
  i.title,
  i.table_id,
  i.table_name,
  i.column_name,
  i.test_id,
  i.test_name,
  i.dimension,
  c.name AS connection_name,
  i.failure_count,
  i.first_seen,
  i.last_seen,
  i.acknowledged_by,
  i.assigned_to,
  coalesce(i.quiet_until > current_timestamp(), false) AS is_quiet
FROM `{schema}`.dq_incidents AS i
LEFT JOIN `{schema}`.dq_tables AS t
  ON i.table_id = t.table_id
LEFT JOIN `{schema}`.dq_table_groups AS g
  ON t.table_group_id = g.table_group_id
LEFT JOIN `{schema}`.dq_connections AS c
  ON g.connection_id = c.connection_id
WHERE i.status IN ('open', 'acknowledged');

CREATE OR REPLACE VIEW `{schema}`.v_due_schedules
COMMENT 'Enabled schedules whose slot has come and that nobody has claimed yet.'
AS SELECT
  s.schedule_id,
  s.project_key,
  s.name,
  s.kind,
  s.target_type,
  s.target_ref,
  s.cron,
  s.timezone,
  s.next_run_at,
  s.last_run_at,
  s.missed_count
FROM `{schema}`.dq_schedules AS s
WHERE s.is_enabled AND s.deleted_at IS NULL AND s.next_run_at <= current_timestamp();

CREATE OR REPLACE VIEW `{schema}`.v_runs
COMMENT 'Test runs and profile runs of any status in one shape.'
AS SELECT
  'test' AS run_kind,
  u.test_run_id AS run_id,
  u.project_key,
  u.status,
  u.trigger_source,
  u.test_suite_key,
  u.table_name,
  u.started_at,
  u.completed_at,
  u.duration_ms,
  u.total_tests,
  u.failed_tests,
  u.warned_tests,
  u.error_tests,
  CAST(NULL AS INT) AS anomaly_count,
  u.statement_count,
  u.error_message,
  u.job_id
FROM `{schema}`.dq_test_runs AS u
UNION ALL
SELECT
  'profile' AS run_kind,
  p.profile_run_id AS run_id,
  p.project_key,
  p.status,
  p.trigger_source,
  CAST(NULL AS STRING) AS test_suite_key,
  p.table_name,
  p.started_at,
  p.completed_at,
  p.duration_ms,
  CAST(NULL AS INT) AS total_tests,
  CAST(NULL AS INT) AS failed_tests,
  CAST(NULL AS INT) AS warned_tests,
  CAST(NULL AS INT) AS error_tests,
  p.anomaly_count,
  c.statement_count,
  p.error_message,
  p.job_id
FROM `{schema}`.dq_profiles AS p
LEFT JOIN (
  SELECT
    profile_run_id,
    CAST(sum(statement_count) AS INT) AS statement_count
  FROM `{schema}`.dq_table_profiles
  GROUP BY profile_run_id
) AS c
  ON p.profile_run_id = c.profile_run_id;

CREATE OR REPLACE VIEW `{schema}`.v_run_cost
COMMENT 'What complete runs cost, by table: statements that scanned, answers that needed no scan, bytes of the table, milliseconds.'
AS SELECT
  'test' AS run_kind,
  r.test_run_id AS run_id,
  u.project_key,
  u.started_at,
  r.table_id,
  max(r.table_name) AS table_name,
  count(DISTINCT CASE WHEN r.source IN ('scan', 'group', 'query') THEN r.statement_hash END) AS scans,
  count(*) AS answers,
  count(CASE WHEN r.source IN ('metadata', 'statistics') THEN 1 END) AS answers_without_scan,
  CAST(NULL AS BIGINT) AS columns_read,
  CAST(NULL AS BIGINT) AS bytes_read,
  max(u.duration_ms) AS run_duration_ms
FROM `{schema}`.dq_test_results AS r
JOIN `{schema}`.dq_test_runs AS u
  ON r.test_run_id = u.test_run_id
WHERE u.status = 'completed'
GROUP BY r.test_run_id, u.project_key, u.started_at, r.table_id
UNION ALL
SELECT
  'profile' AS run_kind,
  t.profile_run_id AS run_id,
  p.project_key,
  p.started_at,
  t.table_id,
  t.table_name,
  CAST(t.statement_count AS BIGINT) AS scans,
  CAST(t.column_count AS BIGINT) AS answers,
  CAST(NULL AS BIGINT) AS answers_without_scan,
  CAST(t.columns_read AS BIGINT) AS columns_read,
  CAST(floor(t.size_bytes * (CAST(t.columns_read AS DOUBLE) / nullif(t.column_count, 0))) AS BIGINT) AS bytes_read,
  t.duration_ms AS run_duration_ms
FROM `{schema}`.dq_table_profiles AS t
JOIN `{schema}`.dq_profiles AS p
  ON t.profile_run_id = p.profile_run_id
WHERE p.status = 'completed';

CREATE OR REPLACE VIEW `{schema}`.v_anomalies
COMMENT 'Anomalies of the newest complete profile of every table, without those that were dismissed or muted.'
AS SELECT
  a.anomaly_id,
  a.profile_run_id,
  n.project_key,
  a.table_id,
  a.table_name,
  a.column_name,
  a.anomaly_type,
  a.severity,
  a.description,
  a.suggestion,
  a.prevalence,
  a.disposition,
  a.detected_at
FROM `{schema}`.dq_profile_anomalies AS a
JOIN (
  SELECT
    t.table_id,
    p.project_key,
    max_by(t.profile_run_id, t.profiled_at) AS profile_run_id
  FROM `{schema}`.dq_table_profiles AS t
  JOIN `{schema}`.dq_profiles AS p
    ON t.profile_run_id = p.profile_run_id
  WHERE p.status = 'completed'
  GROUP BY t.table_id, p.project_key
) AS n
  ON a.table_id = n.table_id AND a.profile_run_id = n.profile_run_id
WHERE a.disposition IS NULL OR a.disposition = 'confirmed';

CREATE OR REPLACE VIEW `{schema}`.v_table_history
COMMENT 'Rows and size of every table at each complete profile.'
AS SELECT
  p.project_key,
  t.table_id,
  t.table_name,
  t.profile_run_id,
  t.table_version,
  t.row_count,
  t.column_count,
  t.size_bytes,
  t.profiled_at
FROM `{schema}`.dq_table_profiles AS t
JOIN `{schema}`.dq_profiles AS p
  ON t.profile_run_id = p.profile_run_id
WHERE p.status = 'completed';
