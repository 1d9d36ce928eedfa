"""What needs attention now, and how it has been going."""

from __future__ import annotations

from tools.dashboards.parts import (
    DAY,
    VERDICT,
    Json,
    bars,
    counter,
    dashboard,
    dataset,
    lines,
    page,
    table,
    text,
)
from tools.dashboards.shared import VERDICTS_BY_DAY

_DATASETS = (
    dataset(
        "open_incidents",
        "Open incidents",
        """
SELECT
  incident_id,
  severity,
  status,
  title,
  test_name,
  table_name,
  connection_name,
  failure_count,
  first_seen,
  last_seen,
  assigned_to
FROM v_open_incidents
WHERE NOT is_snoozed
ORDER BY severity_rank, first_seen DESC
""",
    ),
    dataset(
        "failing_tests",
        "Tests that fail or could not be measured",
        """
SELECT
  test_id,
  severity,
  result_status,
  test_name,
  table_name,
  column_name,
  expected_value,
  actual_value,
  message,
  detected_at
FROM v_active_tests
WHERE result_status IN ('fail', 'error')
ORDER BY CASE severity WHEN 'fatal' THEN 1 WHEN 'error' THEN 2 ELSE 3 END, table_name, test_name
""",
    ),
    dataset(
        "pass_rate_by_table",
        "Pass rate by table, last 7 days",
        """
SELECT
  table_name,
  results,
  passed,
  warned,
  failed,
  errors,
  100.0D * pass_rate AS pass_percent
FROM v_pass_rate_by_table
ORDER BY pass_percent, table_name
""",
    ),
    dataset(
        "pass_rate_of_week",
        "Pass rate, last 7 days",
        """
SELECT
  100.0D * try_divide(
    CAST(sum(passed) AS DOUBLE),
    CAST(sum(passed + warned + failed) AS DOUBLE)
  ) AS pass_percent
FROM v_pass_rate_by_table
HAVING count(*) > 0
""",
    ),
    dataset(
        "pass_rate_by_day",
        "Pass rate by day, last 30 days",
        """
SELECT
  day,
  100.0D * try_divide(
    CAST(sum(passed) AS DOUBLE),
    CAST(sum(passed + warned + failed) AS DOUBLE)
  ) AS pass_percent
FROM v_pass_rate_by_day
WHERE day > CAST(current_timestamp() - INTERVAL 30 DAYS AS DATE)
GROUP BY day
ORDER BY day
""",
    ),
    VERDICTS_BY_DAY,
    dataset(
        "due_schedules",
        "Schedules that are due",
        """
SELECT
  schedule_id,
  name,
  kind,
  target_name,
  cron,
  timezone,
  next_run_at,
  overdue_minutes
FROM v_due_schedules
ORDER BY next_run_at, schedule_id
""",
    ),
)

_INCIDENTS = {
    "severity": "Severity",
    "status": "Status",
    "title": "What failed",
    "test_name": "Test",
    "table_name": "Table",
    "connection_name": "Connection",
    "failure_count": "Failures",
    "first_seen": "First seen (UTC)",
    "last_seen": "Last seen (UTC)",
    "assigned_to": "Assigned to",
}
_FAILING = {
    "severity": "Severity",
    "result_status": "Verdict",
    "test_name": "Test",
    "table_name": "Table",
    "column_name": "Column",
    "expected_value": "Expected",
    "actual_value": "Found",
    "message": "Message",
    "detected_at": "Measured (UTC)",
}
_RATES = {
    "table_name": "Table",
    "results": "Results",
    "passed": "Passed",
    "warned": "Warned",
    "failed": "Failed",
    "errors": "Not measured",
    "pass_percent": "Pass rate, %",
}
_DUE = {
    "name": "Schedule",
    "kind": "Does",
    "target_name": "Of",
    "cron": "Cron",
    "timezone": "Zone",
    "next_run_at": "Due (UTC)",
    "overdue_minutes": "Minutes late",
}


def build() -> Json:
    """The dashboard as its file holds it."""
    return dashboard(
        page(
            "overview",
            "Overview",
            (2, [text("about", "# Data quality", "Verdicts of complete runs; times are UTC.")]),
            (
                3,
                [
                    counter("open_count", "Open incidents", "open_incidents", "incident_id"),
                    counter("failing_count", "Tests failing now", "failing_tests", "test_id"),
                    counter(
                        "week_rate",
                        "Pass rate of the last 7 days, %",
                        "pass_rate_of_week",
                        "pass_percent",
                        "MAX",
                    ),
                    counter("due_count", "Schedules due", "due_schedules", "schedule_id"),
                ],
            ),
            (6, [table("incidents", "Open incidents, worst first", "open_incidents", _INCIDENTS)]),
            (6, [table("failing", "Tests failing now, worst first", "failing_tests", _FAILING)]),
            (
                6,
                [
                    lines(
                        "rate_trend",
                        "Pass rate by day, last 30 days, %",
                        "pass_rate_by_day",
                        ("day", "Day (UTC)", DAY),
                        ("pass_percent", "Pass rate, %", "MAX"),
                    ),
                    bars(
                        "verdict_trend",
                        "Verdicts by day, last 30 days",
                        "verdicts_by_day",
                        ("day", "Day (UTC)", DAY),
                        ("results", "Results"),
                        ("result_status", "Verdict"),
                    ),
                ],
            ),
            (
                6,
                [
                    bars(
                        "worst_tables",
                        "Failed results by table, last 7 days",
                        "pass_rate_by_table",
                        ("table_name", "Table", VERDICT),
                        ("failed", "Failed results"),
                    ),
                    table(
                        "rates",
                        "Pass rate by table, last 7 days, lowest first",
                        "pass_rate_by_table",
                        _RATES,
                    ),
                ],
            ),
            (5, [table("due", "Schedules due, longest first", "due_schedules", _DUE)]),
        ),
        datasets=_DATASETS,
    )
