"""The columns a plan declares are those the engines really decode, by their own plans."""

from __future__ import annotations

import json
import re

from dq_databricks.engine.local.engine import LocalEngine
from dq_databricks.engine.protocol import Engine, Snapshot
from dq_databricks.engine.recording import Recorder
from dq_databricks.planning.planner import make_plan
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.statement import Statement
from tests.support.planned import group, scan, without_statistics


def test_no_column_is_decoded_that_the_plan_does_not_name(
    engine: Recorder, table: Snapshot
) -> None:
    measures = [scan(c.name, f"count({quote(c.name)})", c.name) for c in table.columns[:5]]
    measures += [
        scan("two", "count(CASE WHEN `day` IS NULL OR `at` IS NULL THEN 1 END)", "day", "at"),
        group("pairs", "count(*)", "name", "flag"),
        scan("middle", "percentile_approx(`id`, 0.5)", "id", is_object=True),
    ]
    plan = make_plan(without_statistics(table), measures, engine.facts)
    for planned in plan.statements:
        assert _decoded(engine.engine, planned.statement) == planned.columns


def test_counting_rows_decodes_no_column(engine: Recorder, table: Snapshot) -> None:
    plan = make_plan(without_statistics(table), [scan("rows", "count(*)")], engine.facts)
    assert _decoded(engine.engine, plan.statements[0].statement) == set()


def _decoded(engine: Engine, statement: Statement) -> set[str]:
    if isinstance(engine, LocalEngine):
        return _decoded_by_duckdb(engine, statement)
    plan = engine._frame(statement)._jdf.queryExecution().executedPlan().toString()
    return {
        field.partition(":")[0]
        for schema in re.findall(r"ReadSchema: struct<(.*?)>\s*$", plan, re.MULTILINE)
        for field in re.sub(r"\([^)]*\)", "", schema).split(",")
        if field
    }


def _decoded_by_duckdb(engine: LocalEngine, statement: Statement) -> set[str]:
    compiled = engine._reader.compile(statement.text, statement.parameters)
    explained = f"EXPLAIN (FORMAT json) {compiled.sql}"
    answer = engine._database.query(explained, compiled.bound, what="explain")
    (root,) = json.loads(answer.column("explain_value")[0].as_py())
    return set(_scanned(root))


def _scanned(node: dict) -> list[str]:
    found = [name for child in node["children"] for name in _scanned(child)]
    if node["name"].strip() == "DELTA_SCAN":
        projected = node["extra_info"].get("Projections", [])
        found += [projected] if isinstance(projected, str) else projected
    return [name for name in found if name]
