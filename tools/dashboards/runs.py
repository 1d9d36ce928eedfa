"""What ran, how long it took and what came of it."""

from __future__ import annotations

from tools.dashboards.parts import DAY, Json, bars, choice, dashboard, dataset, lines, page, table
from tools.dashboards.shared import VERDICTS_BY_DAY

_DATASETS = (
    dataset(
        "recent_runs",
        "Runs of the last 30 days",
        """
SELECT
  run_id,
  kind,
  status,
  trigger_source,
  table_group_name,
  test_suite_key,
  table_name,
  day,
  started_at,
  duration_ms / 1000.0D AS duration_s,
  total_tests,
  failed_tests,
  warned_tests,
  error_tests,
  anomaly_count,
  error_message
FROM v_runs
WHERE started_at > current_timestamp() - INTERVAL 30 DAYS
ORDER BY started_at DESC, run_id
""",
    ),
    VERDICTS_BY_DAY,
)

_RUNS = {
    "kind": "Kind",
    "status": "Status",
    "trigger_source": "Started by",
    "table_group_name": "Group",
    "test_suite_key": "Suite",
    "table_name": "Table",
    "started_at": "Started (UTC)",
    "duration_s": "Seconds",
    "total_tests": "Tests",
    "failed_tests": "Failed",
    "warned_tests": "Warned",
    "error_tests": "Not measured",
    "anomaly_count": "Anomalies",
    "error_message": "Error",
    "run_id": "Run",
}


def build() -> Json:
    """The dashboard as its file holds it."""
    day = ("day", "Day (UTC)", DAY)
    return dashboard(
        page(
            "runs",
            "Runs",
            (
                2,
                [
                    choice("choose_kind", "Kind of run", "kind", "recent_runs"),
                    choice("choose_status", "Status of run", "status", "recent_runs"),
                    choice("choose_group", "Table group", "table_group_name", "recent_runs"),
                ],
            ),
            (
                6,
                [
                    lines(
                        "durations",
                        "Mean duration of runs by day and kind, last 30 days, seconds",
                        "recent_runs",
                        day,
                        ("duration_s", "Seconds", "AVG"),
                        ("kind", "Kind"),
                    ),
                    bars(
                        "verdicts",
                        "Verdicts by day, last 30 days, all runs",
                        "verdicts_by_day",
                        day,
                        ("results", "Results"),
                        ("result_status", "Verdict"),
                    ),
                ],
            ),
            (10, [table("recent", "Runs of the last 30 days, newest first", "recent_runs", _RUNS)]),
        ),
        datasets=_DATASETS,
    )
