"""What needs attention: open incidents, failing tests, pass rates, what is due."""

from __future__ import annotations

from tools.dashboards.widgets import (
    VERDICT,
    Dataset,
    Document,
    Field,
    Place,
    bar,
    counter,
    dashboard,
    summed,
    table,
    text,
)

HEADLINE = Dataset(
    "headline",
    "Headline",
    """
    SELECT
      (SELECT count(*) FROM v_open_incidents WHERE NOT is_snoozed) AS open_incidents,
      (
        SELECT count(*) FROM v_active_tests WHERE result_status IN ('fail', 'error')
      ) AS failing_tests,
      (
        SELECT
          floor(1000.0D * sum(passed) / nullif(sum(passed + warned + failed), 0) + 0.5D) / 10.0D
        FROM v_pass_rate_by_table
      ) AS pass_rate,
      (SELECT count(*) FROM v_due_schedules) AS due_schedules
    """,
)
INCIDENTS = Dataset(
    "open_incidents",
    "Open incidents",
    """
    SELECT
      severity,
      status,
      title,
      table_name,
      connection_name,
      failure_count,
      first_seen,
      last_seen,
      assigned_to
    FROM v_open_incidents
    WHERE NOT is_snoozed
    ORDER BY severity_rank, first_seen DESC, title
    """,
)
PASS_RATE = Dataset(
    "pass_rate_by_table",
    "Pass rate by table, 7 days",
    """
    SELECT
      table_name,
      floor(1000.0D * pass_rate + 0.5D) / 10.0D AS pass_rate,
      results,
      failed,
      errors
    FROM v_pass_rate_by_table
    ORDER BY pass_rate, table_name
    """,
)
TREND = Dataset(
    "verdicts_by_day",
    "Verdicts by day",
    """
    SELECT day, 'pass' AS verdict, sum(passed) AS results
    FROM v_pass_rate_by_day
    WHERE day > date_sub(current_date(), 30)
    GROUP BY day
    UNION ALL
    SELECT day, 'warn' AS verdict, sum(warned) AS results
    FROM v_pass_rate_by_day
    WHERE day > date_sub(current_date(), 30)
    GROUP BY day
    UNION ALL
    SELECT day, 'fail' AS verdict, sum(failed) AS results
    FROM v_pass_rate_by_day
    WHERE day > date_sub(current_date(), 30)
    GROUP BY day
    UNION ALL
    SELECT day, 'error' AS verdict, sum(errors) AS results
    FROM v_pass_rate_by_day
    WHERE day > date_sub(current_date(), 30)
    GROUP BY day
    """,
)
FAILING = Dataset(
    "failing_tests",
    "Tests that do not pass now",
    """
    SELECT
      result_status,
      severity,
      table_name,
      test_name,
      message,
      detected_at AS last_run_at
    FROM v_active_tests
    WHERE result_status IN ('fail', 'warn', 'error')
    ORDER BY
      CASE result_status WHEN 'error' THEN 1 WHEN 'fail' THEN 2 ELSE 3 END,
      CASE severity WHEN 'fatal' THEN 1 WHEN 'error' THEN 2 ELSE 3 END,
      table_name,
      test_name
    """,
)
DUE = Dataset(
    "due_schedules",
    "Due schedules",
    """
    SELECT name, kind, cron, timezone, next_run_at, last_run_at, missed_count
    FROM v_due_schedules
    ORDER BY next_run_at, name
    """,
)


def build() -> Document:
    """The dashboard, what needs attention on top."""
    layout = [
        text("intro", Place(0, 0, 12, 1), "Data quality at a glance. Times are UTC."),
        counter("open", Place(0, 1, 3, 3), HEADLINE, Field("open_incidents", "Open incidents")),
        counter("failing", Place(3, 1, 3, 3), HEADLINE, Field("failing_tests", "Failing tests")),
        counter("rate", Place(6, 1, 3, 3), HEADLINE, Field("pass_rate", "Passed in 7 days, %")),
        counter("due", Place(9, 1, 3, 3), HEADLINE, Field("due_schedules", "Due schedules")),
        table("incidents", Place(0, 4, 12, 6), INCIDENTS, "Open incidents, worst first", [
            Field("severity", "Severity"), Field("status", "Status"), Field("title", "Incident"),
            Field("table_name", "Table"), Field("connection_name", "Connection"),
            Field("failure_count", "Failures"), Field("first_seen", "First seen"),
            Field("last_seen", "Last seen"), Field("assigned_to", "Assigned to"),
        ]),
        bar("trend", Place(0, 10, 6, 6), TREND, "Verdicts a day, last 30 days",
            x=Field("day", "Day"), y=summed("results", "Results"), color=VERDICT),
        bar("by_table", Place(6, 10, 6, 6), PASS_RATE, "Results that passed, by table, 7 days",
            x=Field("table_name", "Table"),
            y=Field("avg(pass_rate)", "Passed, %", "AVG(`pass_rate`)"),
            over_time=False),
        table("not_passing", Place(0, 16, 12, 6), FAILING, "Tests that do not pass now", [
            Field("result_status", "Verdict"), Field("severity", "Severity"),
            Field("table_name", "Table"), Field("test_name", "Test"), Field("message", "Why"),
            Field("last_run_at", "Last run"),
        ]),
        table("due_now", Place(0, 22, 12, 4), DUE, "Schedules whose time has come", [
            Field("name", "Schedule"), Field("kind", "Does"), Field("cron", "Cron"),
            Field("timezone", "Zone"), Field("next_run_at", "Due"),
            Field("last_run_at", "Last run"), Field("missed_count", "Missed"),
        ]),
    ]  # fmt: skip
    return dashboard(
        "overview",
        "Data quality: overview",
        [HEADLINE, INCIDENTS, TREND, PASS_RATE, FAILING, DUE],
        layout,
    )
