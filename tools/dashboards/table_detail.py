"""One table, or a few: its tests, their history, what looks odd and how it grows."""

from __future__ import annotations

from tools.dashboards.parts import DAY, Json, bars, choice, dashboard, dataset, lines, page, table

_DATASETS = (
    dataset(
        "tests_of_table",
        "Active tests with their newest verdict",
        """
SELECT
  table_name,
  result_status,
  severity,
  test_name,
  rule_type,
  column_name,
  expected_value,
  actual_value,
  previous_status,
  detected_at
FROM v_active_tests
ORDER BY table_name, test_name
""",
    ),
    dataset(
        "verdicts_of_table",
        "Verdicts by table and day, last 90 days",
        """
SELECT
  table_name,
  day,
  result_status,
  count(*) AS results
FROM v_results
WHERE day > CAST(current_timestamp() - INTERVAL 90 DAYS AS DATE)
GROUP BY table_name, day, result_status
ORDER BY table_name, day, result_status
""",
    ),
    dataset(
        "anomalies_of_table",
        "Anomalies of the newest profiles",
        """
SELECT
  table_name,
  severity,
  column_name,
  anomaly_type,
  description,
  suggestion,
  100.0D * prevalence AS rows_percent,
  detected_at
FROM v_anomalies
ORDER BY severity_rank, table_name, column_name, anomaly_type
""",
    ),
    dataset(
        "row_counts",
        "Rows by profile",
        """
SELECT
  table_name,
  profiled_at,
  row_count
FROM v_table_profiles
WHERE row_count IS NOT NULL
ORDER BY table_name, profiled_at
""",
    ),
    dataset(
        "newest_profiles",
        "Tables as the newest profile found them",
        """
SELECT
  table_name,
  row_count,
  column_count,
  size_bytes,
  table_version,
  profiled_at,
  error_message
FROM v_table_profiles
WHERE is_latest
ORDER BY table_name
""",
    ),
)

_PROFILES = {
    "table_name": "Table",
    "row_count": "Rows",
    "column_count": "Columns",
    "size_bytes": "Bytes",
    "table_version": "Delta version",
    "profiled_at": "Profiled (UTC)",
    "error_message": "Error",
}
_TESTS = {
    "table_name": "Table",
    "result_status": "Verdict",
    "severity": "Severity",
    "test_name": "Test",
    "rule_type": "Check type",
    "column_name": "Column",
    "expected_value": "Expected",
    "actual_value": "Found",
    "previous_status": "Before",
    "detected_at": "Measured (UTC)",
}
_ANOMALIES = {
    "table_name": "Table",
    "severity": "Severity",
    "column_name": "Column",
    "anomaly_type": "Anomaly",
    "description": "What was seen",
    "suggestion": "What to do",
    "rows_percent": "Rows, %",
    "detected_at": "Found (UTC)",
}


def build() -> Json:
    """The dashboard as its file holds it."""
    names = [source["name"] for source in _DATASETS]
    return dashboard(
        page(
            "table_detail",
            "Table",
            (2, [choice("choose_table", "Table", "table_name", *names)]),
            (
                4,
                [
                    table(
                        "profiles",
                        "Size as the newest profile found it",
                        "newest_profiles",
                        _PROFILES,
                    )
                ],
            ),
            (
                8,
                [table("tests", "Active tests and their newest verdict", "tests_of_table", _TESTS)],
            ),
            (
                6,
                [
                    bars(
                        "history",
                        "Verdicts by day, last 90 days",
                        "verdicts_of_table",
                        ("day", "Day (UTC)", DAY),
                        ("results", "Results"),
                        ("result_status", "Verdict"),
                    ),
                    lines(
                        "growth",
                        "Rows by profile",
                        "row_counts",
                        ("profiled_at", "Profiled (UTC)", DAY),
                        ("row_count", "Rows", "MAX"),
                        ("table_name", "Table"),
                    ),
                ],
            ),
            (
                7,
                [
                    table(
                        "anomalies",
                        "Anomalies of the newest profile, worst first",
                        "anomalies_of_table",
                        _ANOMALIES,
                    )
                ],
            ),
        ),
        datasets=_DATASETS,
    )
