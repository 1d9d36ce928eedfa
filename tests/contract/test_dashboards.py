"""Every dataset of every dashboard, asked on every engine: exact rows, and none of nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlglot import exp

from dq_databricks.engine.protocol import Engine
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.parse import parse_statement
from dq_databricks.sql.statement import Statement
from tests.support.engines import engine_parameters, open_engine_for_tests
from tests.support.provisioned import put_schema
from tests.support.watched import CUSTOMERS, ORDERS, Watched
from tools.dashboard_lint import FOLDER, output_columns, query_of

pytestmark = pytest.mark.timeout(900)  # minutes on Spark where the machine is busy
Rows = list[tuple[Any, ...]]


@pytest.fixture(params=engine_parameters())
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Every engine over a clean install in `main.s`."""
    put_schema(tmp_path, "s")
    with open_engine_for_tests(request.param, tmp_path) as opened:
        yield opened


def queries() -> dict[str, str]:
    """The query of every dataset; one that several dashboards have is the same in all."""
    found: dict[str, str] = {}
    for path in sorted(FOLDER.glob("*.lvdash.json")):
        for dataset in json.loads(path.read_text(encoding="utf-8"))["datasets"]:
            text = query_of(dataset)
            assert found.setdefault(dataset["name"], text) == text
    return found


def ask(engine: Engine, text: str, schema: str = "s") -> list[dict[str, Any]]:
    """The rows of a query with bare names, as the platform fills in catalog and schema."""
    tree = parse_statement(text)
    for table in tree.find_all(exp.Table):
        name = TableName("main", schema, table.name)
        table.set("catalog", exp.to_identifier(name.catalog, quoted=True))
        table.set("db", exp.to_identifier(name.schema, quoted=True))
    rows: list[dict[str, Any]] = engine.query(Statement(tree.sql("databricks"))).to_pylist()
    return rows


def answers(seen: Watched) -> dict[str, tuple[str, Rows]]:
    """By dataset: the columns that are looked at, and their rows in order."""
    old, two, hour = seen.day(days=10), seen.day(days=2), seen.day(hours=1)
    by_day = [
        (seen.day(days=12), "profile", 3, 3, 0.04),
        (old, "test", 1, 1, 0.005),
        (two, "test", 2, 2, 0.15),
        (seen.day(hours=3), "profile", 3, 3, 0.04),
        (hour, "test", 2, 2, 0.03),
    ]
    return {
        "open_incidents": (
            "incident_id severity status test_name table_name connection_name failure_count",
            [
                (key, severity, status, "a key", ORDERS, "shop", 3)
                for key, severity, status in (
                    ("i2", "fatal", "acknowledged"),
                    ("i3", "error", "open"),
                    ("i1", "error", "open"),
                    ("i7", "error", "open"),
                    ("i6", "warning", "open"),
                )
            ],
        ),
        "failing_tests": (
            "test_id severity result_status test_name table_name detected_at",
            [
                ("a", "fatal", "fail", "a key", ORDERS, seen.run_at("r2")),
                ("b", "error", "error", "b amount", ORDERS, seen.run_at("r2")),
            ],
        ),
        "pass_rate_by_table": (
            "table_name results passed warned failed errors pass_percent",
            [(ORDERS, 5, 1, 0, 3, 1, 25.0), (CUSTOMERS, 3, 1, 1, 0, 0, 50.0)],
        ),
        "pass_rate_of_week": ("pass_percent", [(100.0 * (2 / 6),)]),
        "pass_rate_by_day": (
            "day pass_percent",
            [(old, 50.0), (two, 100.0 * (1 / 3)), (hour, 100.0 * (1 / 3))],
        ),
        "verdicts_by_day": (
            "day result_status results",
            [
                *((old, verdict, 1) for verdict in ("fail", "pass")),
                *((two, verdict, 1) for verdict in ("fail", "no_data", "pass", "warn")),
                *((hour, "error", 1), (hour, "fail", 2), (hour, "pass", 1)),
            ],
        ),
        "due_schedules": (
            "schedule_id kind target_name cron timezone next_run_at",
            [
                ("s2", "test", "daily", "0 3 * * *", "UTC", seen.ago(hours=3)),
                ("s1", "test", ORDERS, "0 3 * * *", "UTC", seen.ago(hours=2)),
                ("s6", "test", "nightly", "0 3 * * *", "UTC", seen.ago(hours=1)),
            ],
        ),
        "recent_runs": (
            "run_id kind status duration_s total_tests anomaly_count table_group_name",
            [
                ("r3", "test", "running", None, None, None, "daily"),
                ("f3", "profile", "failed", 2.0, None, 2, "daily"),
                ("r2", "test", "completed", 1.5, 4, None, "daily"),
                ("f2", "profile", "completed", 2.0, None, 2, "daily"),
                ("r5", "test", "failed", 1.5, 0, None, "daily"),
                ("r1", "test", "completed", 1.5, 5, None, "daily"),
                ("r4", "test", "completed", 1.5, 2, None, "daily"),
                ("f1", "profile", "completed", 2.0, None, 2, "daily"),
            ],
        ),
        "tests_of_table": (
            "table_name test_name result_status severity rule_type",
            [
                (CUSTOMERS, "c names", "pass", "warning", "nulls_percent"),
                (CUSTOMERS, "f never ran", None, "error", "nulls_percent"),
                (ORDERS, "a key", "fail", "fatal", "nulls_percent"),
                (ORDERS, "b amount", "error", "error", "nulls_percent"),
            ],
        ),
        "verdicts_of_table": (
            "table_name day result_status results",
            [
                (CUSTOMERS, two, "no_data", 1),
                (CUSTOMERS, two, "warn", 1),
                (CUSTOMERS, hour, "pass", 1),
                *((ORDERS, day, verdict, 1) for day in (old, two) for verdict in ("fail", "pass")),
                (ORDERS, hour, "error", 1),
                (ORDERS, hour, "fail", 2),
            ],
        ),
        "anomalies_of_table": (
            "table_name severity anomaly_type rows_percent detected_at",
            [
                (ORDERS, "fatal", "doubles", 50.0, seen.run_at("f2")),
                (ORDERS, "error", "nulls", 50.0, seen.run_at("f2")),
                (CUSTOMERS, "warning", "blank", 50.0, seen.run_at("f1")),
            ],
        ),
        "row_counts": (
            "table_name profiled_at row_count",
            [
                (CUSTOMERS, seen.run_at("f1"), 10),
                (ORDERS, seen.run_at("f1"), 100),
                (ORDERS, seen.run_at("f2"), 110),
            ],
        ),
        "newest_profiles": (
            "table_name row_count size_bytes profiled_at",
            [
                (CUSTOMERS, 10, 500, seen.run_at("f1")),
                (ORDERS, 110, 2000, seen.run_at("f2")),
            ],
        ),
        "cost_by_run": (
            "run_id kind tables tests statements scans columns_read size_bytes seconds",
            [
                ("r2", "test", 2, 4, 2, 2, None, None, 0.03),
                ("f2", "profile", 1, None, 3, 3, 5, 2000, 0.04),
                ("r1", "test", 2, 4, 2, 2, None, None, 0.15),
                ("r4", "test", 1, 2, 1, 1, None, None, 0.005),
                ("f1", "profile", 2, None, 3, 3, 6, 1500, 0.04),
            ],
        ),
        "cost_by_table": (
            "table_name kind runs statements scans columns_read size_bytes seconds",
            [
                (ORDERS, "profile", 2, 5, 5, 9, 2000, 0.07),
                (ORDERS, "test", 3, 4, 4, None, None, 0.135),
                (CUSTOMERS, "profile", 1, 1, 1, 2, 500, 0.01),
                (CUSTOMERS, "test", 2, 1, 1, None, None, 0.05),
            ],
        ),
        "cost_by_day": ("day kind statements scans seconds", sorted(by_day)),
    }


def test_every_dataset_answers_what_was_put_in(engine: Engine) -> None:
    seen = Watched(datetime.now(UTC).replace(microsecond=0))
    seen.put(engine)
    expected = answers(seen)
    assert expected.keys() == queries().keys()
    for name, text in queries().items():
        rows = ask(engine, text)
        assert rows, name
        assert tuple(rows[0]) == output_columns(text), name
        columns, wanted = expected[name][0].split(), expected[name][1]
        assert [tuple(row[column] for column in columns) for row in rows] == wanted, name
    late = [row["overdue_minutes"] for row in ask(engine, queries()["due_schedules"])]
    assert [minutes // 60 for minutes in late] == [3, 2, 1]


def test_an_empty_schema_gives_no_rows_and_no_error(engine: Engine) -> None:
    assert {name for name, text in queries().items() if ask(engine, text)} == set()
