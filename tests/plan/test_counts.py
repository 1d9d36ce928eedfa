"""Statements and columns counted on real engines; fused, separate and proven answers agree."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
import sqlglot
from sqlglot import exp

from dq_databricks.engine.protocol import Snapshot
from dq_databricks.engine.recording import Recorder
from dq_databricks.planning.measure import Measure, Measurement, Proof
from dq_databricks.planning.planner import ROW_COUNT_KEY, make_plan
from dq_databricks.running.execute import execute
from dq_databricks.sql.identifiers import quote
from tests.plan.conftest import ROWS
from tests.support.contract import named
from tests.support.planned import (
    answered_keys,
    group,
    query,
    scan,
    without_statistics,
)


def _measures(table: Snapshot, per_column: int = 1) -> list[Measure]:
    """Two plain measures a column, one of them provable, repeated with other parameters."""
    found = []
    for column in table.columns:
        name = quote(column.name)
        nulls = f"count(CASE WHEN {name} IS NULL THEN 1 END)"
        proof = Proof("null_count", column.name)
        found.append(scan(f"nulls.{column.name}", nulls, column.name, proof=proof))
        for number in range(per_column):
            text = f"count(CASE WHEN {name} IS NOT NULL THEN :n END)"
            found.append(scan(f"{column.name}.{number}", text, column.name, n=number))
    return found


def _bounds(table: Snapshot) -> list[Measure]:
    return [
        scan(
            f"{fact}.{column.name}",
            f"{fact}({quote(column.name)})",
            column.name,
            proof=Proof("min" if fact == "min" else "max", column.name),
        )
        for column in table.columns
        for fact in ("min", "max")
        if column.data_type not in ("BOOLEAN", "STRING")
    ]


def _others() -> list[Measure]:
    return [
        group("distinct", "count(group_key_1)", "name"),
        group("twice", "count(CASE WHEN group_rows > :n THEN 1 END)", "name", n=1),
        group("pairs", "count(*)", "name", "flag"),
        scan("middle", "percentile_approx(`id`, 0.5)", "id", is_object=True),
        query("rows", "SELECT name, id FROM {} ORDER BY id", "name", "id", returns_rows=True),
    ]


def _with_table(measures: list[Measure], table: Snapshot) -> list[Measure]:
    source = table.relation.at(table.version).sql
    return [
        replace(m, expression=replace(m.expression, text=m.expression.text.replace("{}", source)))
        for m in measures
    ]


def _values(answers: dict[str, Measurement]) -> dict[str, object]:
    assert {key: found.error for key, found in answers.items() if found.error} == {}
    return {key: found.rows or found.value for key, found in answers.items()}


def test_fused_separate_and_proven_answers_agree(engine: Recorder, table: Snapshot) -> None:
    blind = without_statistics(table)
    measures = _with_table([*_measures(table), *_bounds(table), *_others()], table)
    proven = _values(execute(make_plan(table, measures, engine.facts), engine))
    fused = _values(execute(make_plan(blind, measures, engine.facts), engine))
    separate: dict[str, object] = {}
    # A statement of its own for each would take Spark half a minute; every third tells enough.
    for measure in measures[:: 3 if engine.facts.name == "spark" else 1]:
        separate |= _values(execute(make_plan(blind, [measure], engine.facts), engine))
    assert {key: fused[key] for key in separate} == separate
    assert fused == proven
    assert (fused[ROW_COUNT_KEY], fused["nulls.name"], fused["distinct"]) == (4, 1, 2)
    assert fused["rows"] == tuple(ROWS.select(["name", "id"]).to_pylist())


def test_plain_measures_are_one_scan_of_each_column(engine: Recorder, table: Snapshot) -> None:
    plan = make_plan(without_statistics(table), _measures(table), engine.facts)
    execute(plan, engine)
    assert len(engine.calls.queries) == len(plan.statements) == 1
    assert plan.columns_read == len(table.columns)


def test_400_tests_read_no_more_columns_than_40(engine: Recorder, table: Snapshot) -> None:
    forty, many = (
        make_plan(table, _measures(table, per_column=number), engine.facts) for number in (5, 50)
    )
    assert len(answered_keys(many)) > 400
    assert many.columns_read <= forty.columns_read <= len(table.columns)
    answers = execute(many, engine)
    assert not [found.error for found in answers.values() if found.error]
    assert len(engine.calls.queries) == len(many.statements)


def test_in_chunks_the_columns_are_still_read_once(engine: Recorder, table: Snapshot) -> None:
    chunked = replace(engine.facts, max_aggregates=8)
    blind = without_statistics(table)
    plan = make_plan(blind, _measures(table, per_column=3), chunked)
    whole = make_plan(blind, _measures(table, per_column=3), engine.facts)
    answers = execute(plan, engine)
    assert len(engine.calls.queries) == len(plan.statements) > 1
    assert plan.columns_read == len(table.columns)
    assert _values(answers) == _values(execute(whole, engine))


def test_the_columns_of_the_plan_are_those_the_sql_reads(engine: Recorder, table: Snapshot) -> None:
    measures = _with_table([*_measures(table), *_bounds(table), *_others()], table)
    plan = make_plan(without_statistics(table), measures, engine.facts)
    for planned in plan.statements:
        assert _columns_in(planned.statement.text, table) == planned.columns


def _columns_in(text: str, table: Snapshot) -> set[str]:
    known = {column.name for column in table.columns}
    found = sqlglot.parse_one(text, read="databricks").find_all(exp.Column)
    return {column.name for column in found} & known


def test_what_statistics_prove_is_not_asked(engine: Recorder, table: Snapshot) -> None:
    plan = make_plan(table, _measures(table, per_column=0), engine.facts)
    execute(plan, engine)
    if table.statistics.row_count is None:
        assert len(engine.calls.queries) == 1
    else:
        assert engine.calls.queries == []
        assert Counter(proof.source for proof in plan.proven) == {
            "statistics": len(table.columns) + 1
        }


@pytest.mark.parametrize(
    ("bad", "column"),
    [
        ("max(CAST(`name` AS INT))", "name"),
        ("max(CAST(`price` * 1000 AS INT))", "price"),
        ("max(`no such column`)", "no such column"),
    ],
    ids=["cast", "overflow", "missing column"],
)
def test_one_bad_expression_among_fifty_costs_itself_alone(
    engine: Recorder, table: Snapshot, bad: str, column: str
) -> None:
    blind = without_statistics(table)
    good = _measures(table, per_column=6)[:49]
    plan = make_plan(blind, [*good[:20], scan("bad", bad, column), *good[20:]], engine.facts)
    answers = execute(plan, engine)
    assert [key for key, found in answers.items() if found.error] == ["bad"]
    assert len(engine.calls.queries) <= 1 + 2 * 6
    fine = _values(execute(make_plan(blind, good, engine.facts), engine))
    assert {key: answers[key].value for key in fine} == fine


def test_a_pinned_plan_does_not_see_later_rows(engine: Recorder, table: Snapshot) -> None:
    engine.engine.append(named("t"), ROWS)
    plan = make_plan(without_statistics(table), [scan("rows", "count(*)")], engine.facts)
    assert execute(plan, engine)["rows"].value == 4
