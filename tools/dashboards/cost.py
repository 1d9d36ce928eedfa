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
      count(DISTINCT run_id) AS runs,
      coalesce(sum(scans), 0) AS scans,
      coalesce(sum(bytes_read), 0) / 1000000000.0D AS read_gb,
      floor(
        1000.0D * sum(answers_without_scan)
          / nullif(sum(CASE WHEN answers_without_scan IS NOT NULL THEN answers END), 0) + 0.5D
      ) / 10.0D AS without_scan_percent
    FROM v_run_cost
    WHERE started_at > date_sub(current_date(), 30)
    """,
)
BY_DAY = Dataset(
    "cost_by_day",
    "Cost by day",
    """
    SELECT
      CAST(started_at AS DATE) AS day,
      run_kind,
      sum(scans) AS scans,
      coalesce(sum(bytes_read), 0) / 1000000000.0D AS read_gb
    FROM v_run_cost
    WHERE started_at > date_sub(current_date(), 30)
    GROUP BY CAST(started_at AS DATE), run_kind
    """,
)
BY_TABLE = Dataset(
    "cost_by_table",
    "Cost by table",
    """
    SELECT
      table_name,
      count(DISTINCT run_id) AS runs,
      sum(scans) AS scans,
      sum(answers) AS answers,
      sum(answers_without_scan) AS answers_without_scan,
      coalesce(sum(bytes_read), 0) / 1000000000.0D AS read_gb
    FROM v_run_cost
    WHERE started_at > date_sub(current_date(), 30)
    GROUP BY table_name
    ORDER BY scans DESC, table_name
    """,
)
RUNS = Dataset(
    "cost_by_run",
    "Cost by run",
    """
    SELECT
      run_kind,
      run_id,
      started_at,
      max(run_duration_ms) / 1000.0D AS duration_s,
      sum(scans) AS scans,
      sum(answers) AS answers,
      sum(answers_without_scan) AS answers_without_scan,
      coalesce(sum(bytes_read), 0) / 1000000000.0D AS read_gb
    FROM v_run_cost
    GROUP BY run_kind, run_id, started_at
    ORDER BY started_at DESC, run_id
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
        bar("read_by_day", Place(6, 4, 6, 6), BY_DAY, "Gigabytes read by profiles, a day",
            x=Field("day", "Day"), y=summed("read_gb", "GB"), color=Field("run_kind", "Kind")),
        table("tables", Place(0, 10, 12, 7), BY_TABLE, "Cost by table, last 30 days", [
            Field("table_name", "Table"), Field("runs", "Runs"), Field("scans", "Statements"),
            Field("answers", "Answers"), Field("answers_without_scan", "Without a scan"),
            Field("read_gb", "Read, GB"),
        ]),
        table("runs_table", Place(0, 17, 12, 8), RUNS, "Cost by run, newest first", [
            Field("run_kind", "Kind"), Field("run_id", "Run"),
            Field("started_at", "Started (UTC)"), Field("duration_s", "Seconds"),
            Field("scans", "Statements"), Field("answers", "Answers"),
            Field("answers_without_scan", "Without a scan"), Field("read_gb", "Read, GB"),
        ]),
    ]  # fmt: skip
    return dashboard("cost", "Data quality: cost", [HEADLINE, BY_DAY, BY_TABLE, RUNS], layout)
