from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

from dq_databricks.engine.protocol import ColumnStatistics
from dq_databricks.planning.describe import json_ready, plan_document, plan_lines, summary
from dq_databricks.planning.measure import Proof
from dq_databricks.planning.plan import ScanPlan
from dq_databricks.planning.planner import ROW_COUNT_KEY, make_plan
from tests.support.planned import facts, group, over, scan, snapshot


def _plan() -> ScanPlan:
    sizes = {"a": ColumnStatistics(null_count=2, bytes=1500), "b": ColumnStatistics(bytes=500)}
    known = snapshot("a", "b", "c", row_count=10, statistics=sizes)
    return make_plan(
        known,
        [
            scan("t1", over("a"), "a"),
            scan("t2", "count_if(`b` > :since)", "b", since=date(2026, 1, 2)),
            scan("t3", "count_if(`a` IS NULL)", "a", proof=Proof("null_count", "a")),
            group("t4", "count(*)", "a"),
        ],
        facts(),
    )


def test_the_document_is_json_and_says_which_test_is_answered_where() -> None:
    document = json.loads(json.dumps(plan_document(_plan(), {"t1": "amounts stay below 9"})))
    assert document["table"] == "main.s.t"
    assert document["table_version"] == 3
    assert document["totals"] == {
        "statements": 2,
        "columns_read": 3,
        "columns_of_table": 3,
        "estimated_bytes": 3500,
        "answers": 5,
        "answers_without_scan": 2,
    }
    assert document["answered_by"] == {
        "t1": "statement 1",
        "t2": "statement 1",
        "t3": "statistics",
        "t4": "statement 2",
        ROW_COUNT_KEY: "statistics",
    }
    first = document["statements"][0]
    assert (first["kind"], first["columns"]) == ("scan", ["a", "b"])
    assert first["parameters"] == {"since": "2026-01-02"}
    assert first["answers"][0]["names"] == ["amounts stay below 9"]


def test_lines_for_people_hold_sql_sizes_and_reasons() -> None:
    lines = plan_lines(_plan(), {"t3": "no nulls"})
    assert lines[0] == (
        "main.s.t at version 3: 2 statements, 3 columns read of 3, 3.5 kB; "
        "2 measures without a scan"
    )
    assert "1 · scan · 2 · a, b · 2.0 kB · t1, t2" in lines
    assert "FROM `main`.`s`.`t` VERSION AS OF 3" in lines
    assert any(line.startswith("no nulls · 2 · null count of column `a`") for line in lines)


def test_an_unknown_size_is_not_made_up() -> None:
    plan = make_plan(snapshot("a"), [scan("x", over("a"), "a")], facts())
    assert "size unknown" in summary(plan)
    assert plan_document(plan)["totals"]["estimated_bytes"] is None


def test_values_json_cannot_hold_become_text() -> None:
    at = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    values = [Decimal("1.50"), at, b"\x01\xff", float("nan"), True, None]
    assert [json_ready(value) for value in values] == [
        "1.50",
        "2026-01-02T03:04:00+00:00",
        "01ff",
        "nan",
        True,
        None,
    ]
