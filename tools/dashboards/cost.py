"""What it costs: statements that scanned, bytes they read, answers that needed no scan."""

from __future__ import annotations

from tools.dashboards.widgets import (
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
    "Last 30 days",
    """
    SELECT
      (
        SELECT count(DISTINCT run_id) FROM v_run_cost WHERE day > date_sub(current_date(), 30)
      ) AS runs,
      (
        SELECT coalesce(sum(scans), 0) FROM v_run_cost WHERE day > date_sub(current_date(), 30)
      ) AS scans,
      (
        SELECT
          coalesce(sum(size_bytes * (columns_read / CAST(column_count AS DOUBLE))), 0.0D)
            / 1000000000.0D
        FROM v_table_profiles
        WHERE day > date_sub(current_date(), 30)
      ) AS read_gb,
      (
        SELECT
          floor(
            1000.0D * avg(CASE WHEN source IN ('metadata', 'statistics') THEN 1.0D ELSE 0.0D END)
              + 0.5D
          ) / 10.0D
        FROM v_results
        WHERE day > date_sub(current_date(), 30)
      ) AS without_scan_percent
    """,
)
BY_DAY = Dataset(
    "cost_by_day",
    "Cost by day",
    """
    SELECT
      day,
      kind AS run_kind,
      sum(scans) AS scans,
      sum(duration_ms) / 1000.0D AS seconds
    FROM v_run_cost
    WHERE day > date_sub(current_date(), 30)
    GROUP BY day, kind
    """,
)
READ = Dataset(
    "read_by_day",
    "Bytes read by profiles, by day",
    """
    SELECT
      day,
      table_name,
      sum(size_bytes * (columns_read / CAST(column_count AS DOUBLE))) / 1000000000.0D AS read_gb
    FROM v_table_profiles
    WHERE day > date_sub(current_date(), 30)
    GROUP BY day, table_name
    """,
)
BY_TABLE = Dataset(
    "cost_by_table",
    "Cost by table",
    """
    SELECT
      table_name,
      count(DISTINCT run_id) AS runs,
      sum(tests) AS tests,
      sum(statements) AS statements,
      sum(scans) AS scans,
      sum(duration_ms) / 1000.0D AS seconds
    FROM v_run_cost
    WHERE day > date_sub(current_date(), 30)
    GROUP BY table_name
    ORDER BY scans DESC, table_name
    """,
)
RUNS = Dataset(
    "cost_by_run",
    "Cost by run",
    """
    SELECT
      kind AS run_kind,
      run_id,
      max(measured_at) AS measured_at,
      sum(tests) AS tests,
      sum(statements) AS statements,
      sum(scans) AS scans,
      sum(duration_ms) / 1000.0D AS seconds
    FROM v_run_cost
    GROUP BY kind, run_id
    ORDER BY measured_at DESC, run_id
    LIMIT 1000
    """,
)


def build() -> Document:
    """The dashboard."""
    note = (
        "Bytes are those of the files of a table times the share of its columns that were "
        "decoded, and known for profiles. Verdicts that statistics prove read nothing."
    )
    layout = [
        text("intro", Place(0, 0, 12, 1), note),
        counter("runs", Place(0, 1, 3, 3), HEADLINE, Field("runs", "Runs, 30 days")),
        counter("scans", Place(3, 1, 3, 3), HEADLINE, Field("scans", "Statements that scanned")),
        counter("read", Place(6, 1, 3, 3), HEADLINE, Field("read_gb", "Read by profiles, GB")),
        counter("proven", Place(9, 1, 3, 3), HEADLINE,
                Field("without_scan_percent", "Verdicts without a scan, %")),
        bar("scans_by_day", Place(0, 4, 6, 6), BY_DAY, "Statements that scanned, a day",
            x=Field("day", "Day"), y=summed("scans", "Statements"),
            color=Field("run_kind", "Kind")),
        bar("read_by_day", Place(6, 4, 6, 6), READ, "Gigabytes read by profiles, a day",
            x=Field("day", "Day"), y=summed("read_gb", "GB"),
            color=Field("table_name", "Table")),
        table("tables", Place(0, 10, 12, 7), BY_TABLE, "Cost by table, last 30 days", [
            Field("table_name", "Table"), Field("runs", "Runs"), Field("tests", "Tests"),
            Field("statements", "Statements"), Field("scans", "That scanned"),
            Field("seconds", "Seconds"),
        ]),
        table("runs_table", Place(0, 17, 12, 8), RUNS, "Cost by run, newest first", [
            Field("run_kind", "Kind"), Field("run_id", "Run"),
            Field("measured_at", "Measured (UTC)"), Field("tests", "Tests"),
            Field("statements", "Statements"), Field("scans", "That scanned"),
            Field("seconds", "Seconds"),
        ]),
    ]  # fmt: skip
    return dashboard("cost", "Data quality: cost", [HEADLINE, BY_DAY, READ, BY_TABLE, RUNS], layout)
