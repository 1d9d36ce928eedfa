-- What analysts and dashboards ask most, as views: only what complete runs found, nothing that was
-- removed. Rows that point at something unknown are kept, so names come by left joins. Tables are
-- called by their full name, files by their path. "Now" is the clock of whoever reads.

CREATE VIEW IF NOT EXISTS `{schema}`.v_results
COMMENT 'Verdicts of complete test runs, one per test and run.'
AS
SELECT
  r.result_id,
  r.test_run_id,
  r.test_id,
  r.test_name,
  r.check_type,
  r.severity,
  u.project_key,
  u.test_suite_key,
  r.table_id,
  r.table_name,
  r.column_name,
  r.result_status,
  r.expected_value,
  r.actual_value,
  r.measured_value,
  r.message,
  r.row_count,
  r.table_version,
  r.source,
  r.statement_hash,
  r.duration_ms,
  r.previous_status,
  r.detected_at,
  CAST(r.detected_at AS DATE) AS day
FROM `{schema}`.dq_test_results AS r
JOIN `{schema}`.dq_test_runs AS u ON u.test_run_id = r.test_run_id
LEFT JOIN `{schema}`.dq_projects AS p ON p.project_key = u.project_key
LEFT JOIN `{schema}`.dq_tables AS e ON e.table_id = r.table_id
LEFT JOIN `{schema}`.dq_table_groups AS g ON g.table_group_id = e.table_group_id
LEFT JOIN `{schema}`.dq_connections AS c ON c.connection_id = g.connection_id
WHERE u.status = 'completed'
  AND p.deleted_at IS NULL
  AND e.deleted_at IS NULL
  AND g.deleted_at IS NULL
  AND c.deleted_at IS NULL;

CREATE VIEW IF NOT EXISTS `{schema}`.v_latest_results
COMMENT 'The newest verdict of each test in use, active or not.'
AS
SELECT
  r.result_id,
  r.test_run_id,
  r.test_id,
  r.test_name,
  r.check_type,
  r.severity,
  r.project_key,
  r.test_suite_key,
  r.table_id,
  r.table_name,
  r.column_name,
  r.result_status,
  r.expected_value,
  r.actual_value,
  r.measured_value,
  r.message,
  r.row_count,
  r.table_version,
  r.previous_status,
  r.detected_at
FROM (
  SELECT
    v.result_id,
    v.test_run_id,
    v.test_id,
    v.test_name,
    v.check_type,
    v.severity,
    v.project_key,
    v.test_suite_key,
    v.table_id,
    v.table_name,
    v.column_name,
    v.result_status,
    v.expected_value,
    v.actual_value,
    v.measured_value,
    v.message,
    v.row_count,
    v.table_version,
    v.previous_status,
    v.detected_at,
    row_number() OVER (PARTITION BY v.test_id ORDER BY v.detected_at DESC, v.test_run_id DESC) AS place
  FROM `{schema}`.v_results AS v
) AS r
JOIN `{schema}`.dq_tests AS t ON t.test_id = r.test_id
WHERE r.place = 1
  AND t.deleted_at IS NULL;

CREATE VIEW IF NOT EXISTS `{schema}`.v_active_tests
COMMENT 'Tests that run, each with its newest verdict; one that never ran has none.'
AS
SELECT
  t.test_id,
  t.name AS test_name,
  t.test_suite_key,
  t.rule_type,
  t.severity,
  t.origin,
  p.project_key,
  c.name AS connection_name,
  g.name AS table_group_name,
  t.table_id,
  t.table_name,
  t.column_name,
  l.result_status,
  l.expected_value,
  l.actual_value,
  l.measured_value,
  l.message,
  l.previous_status,
  l.test_run_id,
  l.detected_at
FROM `{schema}`.dq_tests AS t
LEFT JOIN `{schema}`.dq_tables AS e ON e.table_id = t.table_id
LEFT JOIN `{schema}`.dq_table_groups AS g ON g.table_group_id = t.table_group_id
LEFT JOIN `{schema}`.dq_connections AS c ON c.connection_id = g.connection_id
LEFT JOIN `{schema}`.dq_projects AS p ON p.project_key = c.project_key
LEFT JOIN `{schema}`.v_latest_results AS l ON l.test_id = t.test_id
WHERE t.is_active
  AND t.deleted_at IS NULL
  AND e.deleted_at IS NULL
  AND g.deleted_at IS NULL
  AND c.deleted_at IS NULL
  AND p.deleted_at IS NULL;

CREATE VIEW IF NOT EXISTS `{schema}`.v_pass_rate_by_table
COMMENT 'Verdicts of the last seven days by table; pass_rate is passed among passed, warned and failed.'
AS
SELECT
  r.project_key,
  r.table_id,
  r.table_name,
  count(*) AS results,
  count(CASE WHEN r.result_status = 'pass' THEN 1 END) AS passed,
  count(CASE WHEN r.result_status = 'warn' THEN 1 END) AS warned,
  count(CASE WHEN r.result_status = 'fail' THEN 1 END) AS failed,
  count(CASE WHEN r.result_status = 'error' THEN 1 END) AS errors,
  avg(CASE WHEN r.result_status = 'pass' THEN 1.0D WHEN r.result_status IN ('warn', 'fail') THEN 0.0D END) AS pass_rate,
  max(r.detected_at) AS last_detected_at
FROM `{schema}`.v_results AS r
WHERE r.detected_at > current_timestamp() - INTERVAL 7 DAYS
GROUP BY r.project_key, r.table_id, r.table_name;

CREATE VIEW IF NOT EXISTS `{schema}`.v_pass_rate_by_day
COMMENT 'Verdicts by day (UTC) and table; pass_rate is passed among passed, warned and failed.'
AS
SELECT
  r.day,
  r.project_key,
  r.table_id,
  r.table_name,
  count(*) AS results,
  count(CASE WHEN r.result_status = 'pass' THEN 1 END) AS passed,
  count(CASE WHEN r.result_status = 'warn' THEN 1 END) AS warned,
  count(CASE WHEN r.result_status = 'fail' THEN 1 END) AS failed,
  count(CASE WHEN r.result_status = 'error' THEN 1 END) AS errors,
  avg(CASE WHEN r.result_status = 'pass' THEN 1.0D WHEN r.result_status IN ('warn', 'fail') THEN 0.0D END) AS pass_rate
FROM `{schema}`.v_results AS r
GROUP BY r.day, r.project_key, r.table_id, r.table_name;

CREATE VIEW IF NOT EXISTS `{schema}`.v_open_incidents
COMMENT 'Incidents that nobody resolved; severity_rank orders them, 1 being fatal.'
AS
SELECT
  i.incident_id,
  i.project_key,
  i.status,
  i.severity,
  CASE i.severity WHEN 'fatal' THEN 1 WHEN 'error' THEN 2 ELSE 3 END AS severity_rank,
  i.title,
  i.test_id,
  coalesce(t.name, i.test_name) AS test_name,
  i.table_id,
  i.table_name,
  i.column_name,
  i.dimension,
  c.name AS connection_name,
  i.failure_count,
  i.first_seen,
  i.last_seen,
  i.acknowledged_by,
  i.assigned_to,
  i.reopened_count,
  i.quiet_until,
  coalesce(i.quiet_kind = 'snooze' AND i.quiet_until > current_timestamp(), false) AS is_snoozed
FROM `{schema}`.dq_incidents AS i
LEFT JOIN `{schema}`.dq_tests AS t ON t.test_id = i.test_id
LEFT JOIN `{schema}`.dq_tables AS e ON e.table_id = i.table_id
LEFT JOIN `{schema}`.dq_table_groups AS g ON g.table_group_id = e.table_group_id
LEFT JOIN `{schema}`.dq_connections AS c ON c.connection_id = g.connection_id
LEFT JOIN `{schema}`.dq_projects AS p ON p.project_key = i.project_key
WHERE i.status IN ('open', 'acknowledged')
  AND p.deleted_at IS NULL;

CREATE VIEW IF NOT EXISTS `{schema}`.v_due_schedules
COMMENT 'Enabled schedules whose next slot is past: what the dispatcher has still to start.'
AS
SELECT
  s.schedule_id,
  s.project_key,
  s.name,
  s.kind,
  s.target_type,
  s.target_ref,
  CASE
    WHEN e.table_id IS NOT NULL THEN coalesce(e.path, concat_ws('.', e.catalog, e.schema_name, e.table_name))
    ELSE coalesce(g.name, s.target_ref)
  END AS target_name,
  s.cron,
  s.timezone,
  s.next_run_at,
  (unix_micros(current_timestamp()) - unix_micros(s.next_run_at)) div 60000000 AS overdue_minutes,
  s.last_run_at,
  s.missed_count
FROM `{schema}`.dq_schedules AS s
LEFT JOIN `{schema}`.dq_projects AS p ON p.project_key = s.project_key
LEFT JOIN `{schema}`.dq_tables AS e ON s.target_type = 'table' AND e.table_id = s.target_ref
LEFT JOIN `{schema}`.dq_table_groups AS g ON s.target_type = 'group' AND g.table_group_id = s.target_ref
WHERE s.is_enabled
  AND s.deleted_at IS NULL
  AND p.deleted_at IS NULL
  AND s.next_run_at <= current_timestamp();

CREATE VIEW IF NOT EXISTS `{schema}`.v_runs
COMMENT 'Test runs and profiling runs, those that are running or failed too; a count is null where it does not apply.'
AS
SELECT
  u.test_run_id AS run_id,
  'test' AS kind,
  u.project_key,
  g.name AS table_group_name,
  u.test_suite_key,
  u.table_name,
  u.status,
  u.trigger_source,
  u.started_at,
  CAST(u.started_at AS DATE) AS day,
  u.completed_at,
  u.duration_ms,
  u.total_tests,
  u.failed_tests,
  u.warned_tests,
  u.error_tests,
  CAST(NULL AS INT) AS table_count,
  CAST(NULL AS INT) AS anomaly_count,
  u.error_message,
  u.job_id
FROM `{schema}`.dq_test_runs AS u
LEFT JOIN `{schema}`.dq_projects AS p ON p.project_key = u.project_key
LEFT JOIN `{schema}`.dq_table_groups AS g ON g.table_group_id = u.table_group_id
WHERE p.deleted_at IS NULL
UNION ALL
SELECT
  f.profile_run_id AS run_id,
  'profile' AS kind,
  f.project_key,
  g.name AS table_group_name,
  CAST(NULL AS STRING) AS test_suite_key,
  f.table_name,
  f.status,
  f.trigger_source,
  f.started_at,
  CAST(f.started_at AS DATE) AS day,
  f.completed_at,
  f.duration_ms,
  CAST(NULL AS INT) AS total_tests,
  CAST(NULL AS INT) AS failed_tests,
  CAST(NULL AS INT) AS warned_tests,
  CAST(NULL AS INT) AS error_tests,
  f.table_count,
  f.anomaly_count,
  f.error_message,
  f.job_id
FROM `{schema}`.dq_profiles AS f
LEFT JOIN `{schema}`.dq_projects AS p ON p.project_key = f.project_key
LEFT JOIN `{schema}`.dq_table_groups AS g ON g.table_group_id = f.table_group_id
WHERE p.deleted_at IS NULL;

CREATE VIEW IF NOT EXISTS `{schema}`.v_table_profiles
COMMENT 'Tables as complete profiling runs found them: rows, columns, bytes of their files; is_latest marks the newest.'
AS
SELECT
  f.profile_run_id,
  f.project_key,
  f.table_id,
  f.table_name,
  f.table_version,
  f.row_count,
  f.column_count,
  f.size_bytes,
  f.statement_count,
  f.columns_read,
  f.duration_ms,
  f.error_message,
  f.profiled_at,
  CAST(f.profiled_at AS DATE) AS day,
  f.place = 1 AS is_latest
FROM (
  SELECT
    t.profile_run_id,
    u.project_key,
    t.table_id,
    t.table_name,
    t.table_version,
    t.row_count,
    t.column_count,
    t.size_bytes,
    t.statement_count,
    t.columns_read,
    t.duration_ms,
    t.error_message,
    t.profiled_at,
    row_number() OVER (PARTITION BY t.table_id ORDER BY t.profiled_at DESC, t.profile_run_id DESC) AS place
  FROM `{schema}`.dq_table_profiles AS t
  JOIN `{schema}`.dq_profiles AS u ON u.profile_run_id = t.profile_run_id
  LEFT JOIN `{schema}`.dq_projects AS p ON p.project_key = u.project_key
  LEFT JOIN `{schema}`.dq_tables AS e ON e.table_id = t.table_id
  LEFT JOIN `{schema}`.dq_table_groups AS g ON g.table_group_id = e.table_group_id
  LEFT JOIN `{schema}`.dq_connections AS c ON c.connection_id = g.connection_id
  WHERE u.status = 'completed'
    AND p.deleted_at IS NULL
    AND e.deleted_at IS NULL
    AND g.deleted_at IS NULL
    AND c.deleted_at IS NULL
) AS f;

CREATE VIEW IF NOT EXISTS `{schema}`.v_anomalies
COMMENT 'What the newest profile of each table found odd, without what people dismissed or muted.'
AS
SELECT
  a.anomaly_id,
  f.project_key,
  a.profile_run_id,
  a.table_id,
  f.table_name,
  a.column_name,
  a.anomaly_type,
  a.severity,
  CASE a.severity WHEN 'fatal' THEN 1 WHEN 'error' THEN 2 ELSE 3 END AS severity_rank,
  a.description,
  a.suggestion,
  a.prevalence,
  a.disposition,
  a.detected_at
FROM `{schema}`.dq_profile_anomalies AS a
JOIN `{schema}`.v_table_profiles AS f ON f.profile_run_id = a.profile_run_id AND f.table_id = a.table_id
WHERE f.is_latest
  AND (a.disposition IS NULL OR a.disposition = 'confirmed');

CREATE VIEW IF NOT EXISTS `{schema}`.v_run_cost
COMMENT 'What complete runs cost by table: statements, those of them that read data, milliseconds.'
AS
SELECT
  s.test_run_id AS run_id,
  'test' AS kind,
  s.project_key,
  s.table_id,
  s.table_name,
  max(s.detected_at) AS measured_at,
  CAST(max(s.detected_at) AS DATE) AS day,
  CAST(sum(s.tests) AS BIGINT) AS tests,
  count(s.statement_hash) AS statements,
  count(CASE WHEN s.reads_data THEN s.statement_hash END) AS scans,
  CAST(NULL AS BIGINT) AS columns_read,
  CAST(NULL AS BIGINT) AS size_bytes,
  CAST(sum(s.duration_ms) AS BIGINT) AS duration_ms
FROM (
  SELECT
    r.test_run_id,
    r.project_key,
    r.table_id,
    r.table_name,
    r.statement_hash,
    r.source IN ('scan', 'group', 'query') AS reads_data,
    count(*) AS tests,
    max(r.duration_ms) AS duration_ms,
    max(r.detected_at) AS detected_at
  FROM `{schema}`.v_results AS r
  GROUP BY r.test_run_id, r.project_key, r.table_id, r.table_name, r.statement_hash,
    r.source IN ('scan', 'group', 'query')
) AS s
GROUP BY s.test_run_id, s.project_key, s.table_id, s.table_name
UNION ALL
SELECT
  f.profile_run_id AS run_id,
  'profile' AS kind,
  f.project_key,
  f.table_id,
  f.table_name,
  f.profiled_at AS measured_at,
  f.day,
  CAST(NULL AS BIGINT) AS tests,
  CAST(f.statement_count AS BIGINT) AS statements,
  CAST(f.statement_count AS BIGINT) AS scans,
  CAST(f.columns_read AS BIGINT) AS columns_read,
  f.size_bytes,
  f.duration_ms
FROM `{schema}`.v_table_profiles AS f;
