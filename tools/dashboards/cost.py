"""What the checks themselves cost: statements, scans, columns and seconds."""

from __future__ import annotations

from tools.dashboards.parts import (
    DAY,
    VERDICT,
    Json,
    bars,
    choice,
    dashboard,
    dataset,
    page,
    table,
    text,
)

_DATASETS = (
    dataset(
        "cost_by_run",
        "Cost by run, last 30 days",
        """
SELECT
  run_id,
  kind,
  max(measured_at) AS measured_at,
  count(*) AS tables,
  CAST(sum(tests) AS BIGINT) AS tests,
  CAST(sum(statements) AS BIGINT) AS statements,
  CAST(sum(scans) AS BIGINT) AS scans,
  CAST(sum(columns_read) AS BIGINT) AS columns_read,
  CAST(sum(size_bytes) AS BIGINT) AS size_bytes,
  CAST(sum(duration_ms) AS DOUBLE) / 1000.0D AS seconds
FROM v_run_cost
WHERE measured_at > current_timestamp() - INTERVAL 30 DAYS
GROUP BY run_id, kind
ORDER BY measured_at DESC, run_id
""",
    ),
    dataset(
        "cost_by_table",
        "Cost by table, last 30 days",
        """
SELECT
  table_name,
  kind,
  count(DISTINCT run_id) AS runs,
  CAST(sum(statements) AS BIGINT) AS statements,
  CAST(sum(scans) AS BIGINT) AS scans,
  CAST(sum(columns_read) AS BIGINT) AS columns_read,
  max(size_bytes) AS size_bytes,
  CAST(sum(duration_ms) AS DOUBLE) / 1000.0D AS seconds
FROM v_run_cost
WHERE measured_at > current_timestamp() - INTERVAL 30 DAYS
GROUP BY table_name, kind
ORDER BY scans DESC, table_name, kind
""",
    ),
    dataset(
        "cost_by_day",
        "Cost by day, last 30 days",
        """
SELECT
  day,
  kind,
  CAST(sum(statements) AS BIGINT) AS statements,
  CAST(sum(scans) AS BIGINT) AS scans,
  CAST(sum(duration_ms) AS DOUBLE) / 1000.0D AS seconds
FROM v_run_cost
WHERE day > CAST(current_timestamp() - INTERVAL 30 DAYS AS DATE)
GROUP BY day, kind
ORDER BY day, kind
""",
    ),
)

_SPENT = {
    "statements": "Statements",
    "scans": "Scans",
    "columns_read": "Columns read",
    "size_bytes": "Bytes of the tables",
    "seconds": "Seconds",
}
_RUNS = {
    "measured_at": "Measured (UTC)",
    "kind": "Kind",
    "tables": "Tables",
    "tests": "Tests",
    **_SPENT,
    "run_id": "Run",
}
_TABLES = {"table_name": "Table", "kind": "Kind", "runs": "Runs", **_SPENT}
_ABOUT = (
    "A scan is a statement that read data; what file statistics or metadata answer is none. "
    "Columns and bytes are known of profiles; bytes are the size of the files, not what was read."
)


def build() -> Json:
    """The dashboard as its file holds it."""
    day, kind = ("day", "Day (UTC)", DAY), ("kind", "Kind")
    names = [source["name"] for source in _DATASETS]
    return dashboard(
        page(
            "cost",
            "Cost",
            (2, [text("about", _ABOUT)]),
            (2, [choice("choose_kind", "Kind of run", "kind", *names)]),
            (
                6,
                [
                    bars(
                        "scans",
                        "Scans by day and kind of run, last 30 days",
                        "cost_by_day",
                        day,
                        ("scans", "Scans"),
                        kind,
                    ),
                    bars(
                        "statements",
                        "Statements by day and kind of run, last 30 days",
                        "cost_by_day",
                        day,
                        ("statements", "Statements"),
                        kind,
                    ),
                    bars(
                        "seconds",
                        "Seconds of statements by day and kind of run, last 30 days",
                        "cost_by_day",
                        day,
                        ("seconds", "Seconds"),
                        kind,
                    ),
                ],
            ),
            (
                6,
                [
                    bars(
                        "scanned",
                        "Scans by table, last 30 days",
                        "cost_by_table",
                        ("table_name", "Table", VERDICT),
                        ("scans", "Scans"),
                        kind,
                    )
                ],
            ),
            (7, [table("by_table", "Cost by table, last 30 days", "cost_by_table", _TABLES)]),
            (8, [table("by_run", "Cost by run, newest first", "cost_by_run", _RUNS)]),
        ),
        datasets=_DATASETS,
    )
