"""What ran: runs, how they ended, how long they took, what they found."""

from __future__ import annotations

from tools.dashboards.overview import TREND
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

RUNS = Dataset(
    "runs",
    "Runs",
    """
    SELECT
      kind AS run_kind,
      status,
      trigger_source,
      coalesce(table_name, 'several tables') AS table_name,
      started_at,
      duration_ms / 1000.0D AS duration_s,
      total_tests,
      failed_tests,
      warned_tests,
      error_tests,
      anomaly_count,
      error_message,
      run_id
    FROM v_runs
    ORDER BY started_at DESC, run_id
    LIMIT 1000
    """,
)
ENDS = Dataset(
    "runs_by_day",
    "Runs by day",
    """
    SELECT
      CAST(started_at AS DATE) AS day,
      kind AS run_kind,
      status,
      count(*) AS runs
    FROM v_runs
    WHERE started_at > date_sub(current_date(), 30)
    GROUP BY CAST(started_at AS DATE), kind, status
    """,
)
DURATIONS = Dataset(
    "duration_by_day",
    "Duration by day",
    """
    SELECT
      CAST(started_at AS DATE) AS day,
      kind AS run_kind,
      status,
      avg(duration_ms) / 1000.0D AS mean_duration_s,
      max(duration_ms) / 1000.0D AS longest_s
    FROM v_runs
    WHERE duration_ms IS NOT NULL AND started_at > date_sub(current_date(), 30)
    GROUP BY CAST(started_at AS DATE), kind, status
    """,
)


def build() -> Document:
    """The dashboard, with its filters on top."""
    datasets = [RUNS, ENDS, DURATIONS]
    layout = [
        choice("kind", Place(0, 0, 6, 2), "Kind of run", "run_kind", datasets, many=True),
        choice("ended", Place(6, 0, 6, 2), "Status", "status", datasets, many=True),
        bar("ends", Place(0, 2, 4, 6), ENDS, "Runs a day by how they ended, last 30 days",
            x=Field("day", "Day"), y=summed("runs", "Runs"), color=Field("status", "Status")),
        line("durations", Place(4, 2, 4, 6), DURATIONS, "Longest run of each day, seconds",
             x=Field("day", "Day"), y=Field("max(longest_s)", "Seconds", "MAX(`longest_s`)"),
             color=Field("run_kind", "Kind")),
        bar("verdicts", Place(8, 2, 4, 6), TREND, "Verdicts a day, last 30 days",
            x=Field("day", "Day"), y=summed("results", "Results"), color=VERDICT),
        table("recent", Place(0, 8, 12, 12), RUNS, "Runs, newest first", [
            Field("run_kind", "Kind"), Field("status", "Status"),
            Field("trigger_source", "Started by"), Field("table_name", "Table"),
            Field("started_at", "Started (UTC)"), Field("duration_s", "Seconds"),
            Field("total_tests", "Tests"), Field("failed_tests", "Failed"),
            Field("warned_tests", "Warned"), Field("error_tests", "Not measured"),
            Field("anomaly_count", "Anomalies"), Field("error_message", "Why it failed"),
            Field("run_id", "Run"),
        ]),
    ]  # fmt: skip
    return dashboard("runs", "Data quality: runs", [*datasets, TREND], layout)
