"""One table from all sides: its tests, their history, its anomalies, its rows."""

from __future__ import annotations

from tools.dashboards.widgets import (
    VERDICT,
    Dataset,
    Document,
    Field,
    Place,
    bar,
    choice,
    dashboard,
    line,
    summed,
    table,
)

TESTS = Dataset(
    "tests",
    "Tests with their newest verdict",
    """
    SELECT
      table_name,
      test_name,
      column_name,
      rule_type,
      severity,
      coalesce(result_status, 'never_run') AS result_status,
      expected_value,
      actual_value,
      message,
      detected_at AS last_run_at
    FROM v_active_tests
    ORDER BY
      CASE result_status WHEN 'error' THEN 1 WHEN 'fail' THEN 2 WHEN 'warn' THEN 3 ELSE 4 END,
      test_name
    """,
)
VERDICTS = Dataset(
    "verdicts",
    "Verdicts by day",
    """
    SELECT day, table_name, 'pass' AS verdict, passed AS results FROM v_pass_rate_by_day
    UNION ALL
    SELECT day, table_name, 'warn' AS verdict, warned AS results FROM v_pass_rate_by_day
    UNION ALL
    SELECT day, table_name, 'fail' AS verdict, failed AS results FROM v_pass_rate_by_day
    UNION ALL
    SELECT day, table_name, 'error' AS verdict, errors AS results FROM v_pass_rate_by_day
    """,
)
ANOMALIES = Dataset(
    "anomalies",
    "Anomalies of the newest profile",
    """
    SELECT
      table_name,
      column_name,
      anomaly_type,
      severity,
      description,
      suggestion,
      floor(1000.0D * prevalence + 0.5D) / 10.0D AS rows_percent,
      detected_at
    FROM v_anomalies
    ORDER BY
      severity_rank,
      column_name,
      anomaly_type
    """,
)
ROWS = Dataset(
    "table_history",
    "Rows at each profile",
    """
    SELECT
      table_name,
      profiled_at,
      row_count,
      size_bytes,
      table_version
    FROM v_table_profiles
    ORDER BY profiled_at
    """,
)


def build() -> Document:
    """The dashboard; the table is chosen on top."""
    datasets = [TESTS, VERDICTS, ANOMALIES, ROWS]
    layout = [
        choice("chosen_table", Place(0, 0, 12, 2), "Table", "table_name", datasets, many=False),
        bar("verdict_history", Place(0, 2, 6, 6), VERDICTS, "Verdicts a day",
            x=Field("day", "Day"), y=summed("results", "Results"), color=VERDICT),
        line("row_history", Place(6, 2, 6, 6), ROWS, "Rows at each profile",
             x=Field("profiled_at", "Profiled (UTC)"),
             y=Field("max(row_count)", "Rows", "MAX(`row_count`)"),
             color=Field("table_name", "Table")),
        table("tests_now", Place(0, 8, 12, 8), TESTS, "Active tests with their newest verdict", [
            Field("result_status", "Verdict"), Field("test_name", "Test"),
            Field("column_name", "Column"), Field("rule_type", "Check type"),
            Field("severity", "Severity"), Field("actual_value", "Measured"),
            Field("expected_value", "Expected"),
            Field("message", "Why"),
            Field("last_run_at", "Last run (UTC)"),
        ]),
        table("anomalies_now", Place(0, 16, 12, 8), ANOMALIES, "Odd in the newest profile", [
            Field("severity", "Severity"), Field("column_name", "Column"),
            Field("anomaly_type", "Anomaly"), Field("description", "What"),
            Field("rows_percent", "Rows, %"), Field("suggestion", "What to do"),
            Field("detected_at", "Found (UTC)"),
        ]),
    ]  # fmt: skip
    return dashboard("table_detail", "Data quality: one table", datasets, layout)
