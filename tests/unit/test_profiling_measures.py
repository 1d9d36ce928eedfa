"""What a profile asks for: bounded statements, two decodings at most, reasons in words."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from dq_databricks.engine.protocol import ColumnInfo, EngineFacts, Snapshot, TableStatistics
from dq_databricks.planning.measure import Measurement
from dq_databricks.planning.planner import make_plan
from dq_databricks.profiling.assemble import assemble, value_text
from dq_databricks.profiling.groups import (
    FEW_VALUES,
    MOST_COLUMNS,
    MOST_KEYS,
    SMALL_TABLE,
    SOME_VALUES,
    Grouping,
    choose_groups,
    second_measures,
)
from dq_databricks.profiling.measures import (
    DISTINCT_ERROR,
    ROW_COUNT,
    first_measures,
    measure_key,
)
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.parse import parse_statement
from dq_databricks.sql.portable import check_portable
from dq_databricks.sql.relation import TableRelation

NOW = datetime(2026, 11, 21, tzinfo=UTC)
EVERY_TYPE = (
    "TINYINT", "SMALLINT", "INT", "BIGINT", "DECIMAL(38,18)", "FLOAT", "DOUBLE", "STRING",
    "VARCHAR(10)", "DATE", "TIMESTAMP", "TIMESTAMP_NTZ", "BOOLEAN", "BINARY", "ARRAY<INT>",
    "STRUCT<A: INT>", "MAP<STRING,INT>", "VARIANT", "INTERVAL DAY TO SECOND", "VOID",
)  # fmt: skip


def table(*types: str, rows: int | None = None) -> Snapshot:
    return Snapshot(
        relation=TableRelation(TableName("main", "s", "t")),
        columns=tuple(
            ColumnInfo(f"c`{number}", data_type, position=number)
            for number, data_type in enumerate(types)
        ),
        version=1,
        fingerprint="f",
        statistics=TableStatistics(rows),
    )


def firsts(
    snapshot: Snapshot, *, rows: int, distinct: int, nulls: int = 0, length: int = 10
) -> dict[str, Measurement]:
    values = {"null_count": nulls, "distinct": distinct, "max_length": length}
    keys = {
        measure_key(name, column.name): value
        for column in snapshot.columns
        for name, value in values.items()
    }
    return {
        key: Measurement(key, value, "scan") for key, value in {**keys, ROW_COUNT: rows}.items()
    }


def test_all_sql_of_a_profile_is_portable() -> None:
    snapshot = table(*EVERY_TYPE)
    asked = [f"SELECT {m.expression.text} FROM t" for m in first_measures(snapshot, now=NOW)]
    for distinct in (3, FEW_VALUES + 1):
        first = firsts(snapshot, rows=5_000, distinct=distinct)
        asked += [measure.expression.text for measure in second_measures(snapshot, first)]
    findings = [finding for text in asked for finding in check_portable(parse_statement(text))]
    assert findings == []


@pytest.mark.parametrize("columns", [1_000, 2_000])
def test_wide_tables_get_few_bounded_statements_d10(columns: int) -> None:
    snapshot = table(*(EVERY_TYPE[number % 12] for number in range(columns)))
    facts = EngineFacts("test", frozenset(), max_aggregates=500, max_statement_chars=200_000)
    plan = make_plan(snapshot, first_measures(snapshot, now=NOW), facts, fuse_objects=True)
    decoded = Counter(name for entry in plan.statements for name in entry.columns)
    assert len(plan.statements) <= columns // 25
    assert max(len(entry.statement.text) for entry in plan.statements) <= 200_000
    assert max(len(entry.statement.parameters) for entry in plan.statements) <= 2
    assert set(decoded.values()) == {1}
    second = second_measures(snapshot, firsts(snapshot, rows=10**7, distinct=10))
    assert len(second) == MOST_COLUMNS


def test_exact_counts_group_every_column_once() -> None:
    snapshot = table(*["BIGINT"] * 300)
    first = firsts(snapshot, rows=10**7, distinct=10**6)
    assert second_measures(snapshot, first) == ()
    grouped = Counter(
        name for m in second_measures(snapshot, first, exact=True) for name in m.columns
    )
    assert len(grouped) == 300
    assert set(grouped.values()) == {1}


@pytest.mark.parametrize(
    ("data_type", "rows", "distinct", "nulls", "grouping", "reason"),
    [
        ("STRING", 10**7, FEW_VALUES, 0, Grouping.VALUES, "1,000 distinct values are few"),
        ("STRING", 10**7, SOME_VALUES, 0, Grouping.COUNT, "10,000 groups are cheap"),
        ("STRING", 10**7, SOME_VALUES + 1, 0, Grouping.NONE, "in 10,000,000 rows cost too much"),
        ("DOUBLE", SMALL_TABLE, 10**5, 0, Grouping.COUNT, "1,000,000 rows is small"),
        ("BIGINT", 10**7, 99 * 10**5, 0, Grouping.COUNT, "may be a key"),
        ("BIGINT", 10**7, 99 * 10**5, 1, Grouping.NONE, "cost too much"),
        ("DOUBLE", 10**7, 99 * 10**5, 0, Grouping.NONE, "cost too much"),
        ("DATE", 100, 0, 100, Grouping.NONE, "holds no values"),
        ("BINARY", 100, 5, 0, Grouping.NONE, "type BINARY are not grouped"),
    ],
)
def test_what_is_grouped_depends_on_its_cost_and_says_why(
    data_type: str, rows: int, distinct: int, nulls: int, grouping: Grouping, reason: str
) -> None:
    snapshot = table(data_type)
    first = firsts(snapshot, rows=rows, distinct=distinct, nulls=nulls)
    (choice,) = choose_groups(snapshot, first)
    assert choice.grouping is grouping
    assert reason in choice.reason


def test_a_large_table_has_few_keys_tried() -> None:
    snapshot = table(*["BIGINT"] * 10)
    choices = choose_groups(snapshot, firsts(snapshot, rows=10**7, distinct=10**7))
    assert sum(choice.grouping is Grouping.COUNT for choice in choices) == MOST_KEYS


def test_measures_that_failed_are_named_and_spare_their_neighbours() -> None:
    snapshot = table("BIGINT", "STRING")
    first = firsts(snapshot, rows=10, distinct=3)
    for name in ("mean", "distinct"):
        key = measure_key(name, "c`0")
        first[key] = Measurement(key, None, "scan", error="boom")
    (group,) = second_measures(snapshot, first)
    second = {group.key: Measurement(group.key, None, "query", error="too slow")}
    number, text = assemble(
        snapshot,
        first,
        second,
        profile_run_id="r",
        table_id="t",
        table_name="t",
        profiled_at=NOW,
    )
    assert number.error_message == "distinct: boom; mean: boom"
    assert (number.mean, number.distinct_count, number.null_count) == (None, None, 0)
    assert text.error_message == "values: too slow"
    assert (text.distinct_count, text.distinct_is_exact, text.distinct_error) == (
        3,
        False,
        DISTINCT_ERROR,
    )


def test_values_are_text_of_bounded_length_and_never_nan() -> None:
    assert value_text(float("nan")) is None
    assert value_text(float("inf")) is None
    assert value_text("x" * 500) == "x" * 200
    assert value_text(datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01 00:00:00.000000"
