"""Every check type from its record to its verdict, on one table with names that invite mistakes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dq_databricks.checks.bind import BoundCheck, bind
from dq_databricks.checks.catalog import check_types
from dq_databricks.engine.protocol import Engine
from dq_databricks.model.testing import TestRecord
from dq_databricks.model.vocabulary import ResultStatus
from dq_databricks.planning.planner import make_plan
from dq_databricks.rules.values import PastReadout, Verdict
from dq_databricks.running.execute import execute
from tests.support.contract import create, named
from tests.support.engines import open_engine_for_tests
from tests.support.sensing import relation

NOW = datetime.now(UTC)
TODAY = NOW.date()
ID, TEXT, DAY, SEEN, NUMBER = "select", "a.b", "a`b", "when", "😀"
SCHEMA = pa.schema(
    [
        (ID, pa.int32()),
        (TEXT, pa.string()),
        (DAY, pa.date32()),
        (SEEN, pa.timestamp("us", tz="UTC")),
        (NUMBER, pa.float64()),
    ]
)
ROWS = [
    (1, "NY", date(2020, 1, 1), NOW - timedelta(hours=2), 1.0),
    (2, "NJ", TODAY + timedelta(days=9), NOW - timedelta(hours=3), 2.0),
    (2, "  ", date(2020, 1, 2), None, 3.0),
    (None, None, None, None, None),
]
PASS, FAIL, NO_DATA = ResultStatus.PASS, ResultStatus.FAIL, ResultStatus.NO_DATA
PAST = (PastReadout("8", 8.0, 8, NOW, PASS),)

# Check type, columns, parameters, verdict: each once right and once wrong.
Row = tuple[str, list[str], dict[str, Any], ResultStatus]
EXPECTED: list[Row] = [
    ("row_count_range", [], {"min_count": 4, "max_count": 4}, PASS),
    ("row_count_range", [], {"min_count": 5}, FAIL),
    ("row_count_change", [], {"max_percent": 50}, PASS),
    ("row_count_change", [], {"max_percent": 49}, FAIL),
    ("column_count_range", [], {"min_count": 5, "max_count": 5}, PASS),
    ("column_count_range", [], {"max_count": 4}, FAIL),
    ("schema_unchanged", [], {}, NO_DATA),
    ("schema_unchanged", [], {"columns": {ID: "INT"}}, FAIL),
    ("column_exists", [NUMBER], {}, PASS),
    ("column_exists", ["nope"], {}, FAIL),
    ("column_type", [DAY], {"expected_type": "date"}, PASS),
    ("column_type", [DAY], {"expected_type": "timestamp"}, FAIL),
    ("freshness_commit", [], {"max_age_hours": 1}, PASS),
    ("freshness_column", [SEEN], {"max_age_hours": 3}, PASS),
    ("freshness_column", [SEEN], {"max_age_hours": 1}, FAIL),
    ("nulls_percent", [TEXT], {"max_percent": 25}, PASS),
    ("nulls_percent", [TEXT], {"max_percent": 24.9}, FAIL),
    ("nulls_count", [ID], {"max_count": 1}, PASS),
    ("nulls_count", [ID], {}, FAIL),
    ("blank_text", [TEXT], {"max_percent": 25}, PASS),
    ("blank_text", [TEXT], {}, FAIL),
    ("unique", [DAY], {}, PASS),
    ("unique", [ID], {}, FAIL),
    ("unique_columns", [ID, TEXT], {}, PASS),
    ("unique_columns", [ID], {}, FAIL),
    ("duplicate_rows", [], {}, PASS),
    ("duplicate_rows", [ID], {}, FAIL),
    ("distinct_count_range", [ID], {"min_count": 2, "max_count": 2}, PASS),
    ("distinct_count_range", [ID], {"min_count": 3}, FAIL),
    ("values_in_use", [TEXT], {"values": ["NY", "NJ"]}, PASS),
    ("values_in_use", [TEXT], {"values": ["NY", "CT"]}, FAIL),
    ("accepted_values", [TEXT], {"values": ["NY", "NJ", "  "]}, PASS),
    ("accepted_values", [TEXT], {"values": ["NY", "NJ"]}, FAIL),
    ("regex_match", [TEXT], {"pattern": "^..$"}, PASS),
    ("regex_match", [TEXT], {"pattern": "^[A-Z]+$"}, FAIL),
    ("text_length_range", [TEXT], {"min_length": 2, "max_length": 2}, PASS),
    ("text_length_range", [TEXT], {"min_length": 3}, FAIL),
    ("values_in_range", [NUMBER], {"min_value": 1, "max_value": 3}, PASS),
    ("values_in_range", [NUMBER], {"max_value": 2.5}, FAIL),
    ("min_in_range", [NUMBER], {"min_value": 1}, PASS),
    ("min_in_range", [NUMBER], {"min_value": 1.1}, FAIL),
    ("max_in_range", [NUMBER], {"max_value": 3}, PASS),
    ("max_in_range", [NUMBER], {"max_value": 2.9}, FAIL),
    ("mean_in_range", [NUMBER], {"min_value": 2, "max_value": 2}, PASS),
    ("mean_in_range", [ID], {"min_value": 2}, FAIL),
    ("stddev_in_range", [NUMBER], {"min_value": 0.99, "max_value": 1.01}, PASS),
    ("stddev_in_range", [NUMBER], {"max_value": 0.9}, FAIL),
    ("sum_in_range", [ID], {"min_value": 5, "max_value": 5}, PASS),
    ("sum_in_range", [ID], {"max_value": 4}, FAIL),
    ("dates_in_future", [SEEN], {}, PASS),
    ("dates_in_future", [DAY], {}, FAIL),
    ("dates_in_range", [DAY], {"min_date": "2020-01-01"}, PASS),
    ("dates_in_range", [DAY], {"max_date": "2020-01-01"}, FAIL),
    ("referential_integrity", [ID], {"reference_table": "r", "reference_columns": ["k"]}, PASS),
    ("referential_integrity", [NUMBER], {"reference_table": "r", "reference_columns": ["k"]}, FAIL),
    ("sql_condition", [], {"condition_sql": "`select` > 0", "max_percent": 25}, PASS),
    ("sql_condition", [], {"condition_sql": "`select` > 0"}, FAIL),
    ("sql_query_rows", [], {"sql": "SELECT * FROM {table} WHERE `select` > 9"}, PASS),
    ("sql_query_rows", [], {"sql": "SELECT * FROM {table} WHERE `select` > 1"}, FAIL),
    ("sql_query_value", [], {"sql": "SELECT max(`😀`) AS m FROM {table}", "max_value": 3}, PASS),
    ("sql_query_value", [], {"sql": "SELECT max(`😀`) AS m FROM {table}", "max_value": 2}, FAIL),
]
# What a table without rows gives, where it is not "nothing to judge".
EMPTY: Mapping[str, ResultStatus] = {
    "row_count_range": FAIL,
    "row_count_change": FAIL,
    "column_count_range": PASS,
    "column_exists": PASS,
    "column_type": PASS,
    "freshness_commit": PASS,
    "distinct_count_range": FAIL,
    "values_in_use": FAIL,
    "sql_query_rows": PASS,
}


def record(number: int, row: Row) -> TestRecord:
    check_type, columns, parameters, _ = row
    return TestRecord(
        created_at=NOW,
        updated_at=NOW,
        test_id=f"t{number}",
        table_group_id="g",
        name=check_type,
        rule_type=check_type,
        definition=json.dumps({"columns": columns, "parameters": parameters}),
        table_id="t",
        table_name="t",
    )


@pytest.fixture
def engine(tmp_path: Path) -> Any:
    with open_engine_for_tests("local", tmp_path) as opened:
        columns = f"`{ID}` INT, `{TEXT}` STRING, `a``b` DATE, `{SEEN}` TIMESTAMP, `{NUMBER}` DOUBLE"
        create(opened, "t", columns)
        create(opened, "r", "k INT")
        opened.append(named("r"), pa.table({"k": pa.array([1, 2, 2], pa.int32())}))
        yield opened


def verdicts(engine: Engine, rows: Sequence[Row]) -> tuple[list[Verdict], list[BoundCheck]]:
    snapshot = engine.inspect(relation("t"))
    checks = [
        bind(record(i, row), snapshot, resolve_reference=relation, now=NOW, previous=PAST)
        for i, row in enumerate(rows)
    ]
    plan = make_plan(snapshot, [m for check in checks for m in check.measures], engine.facts)
    found = execute(plan, engine)
    return [check.judge(found, at=datetime.now(UTC)) for check in checks], checks


def test_every_check_type_judges_right_and_wrong(engine: Engine) -> None:
    cells = [dict(zip(SCHEMA.names, row, strict=True)) for row in ROWS]
    engine.append(named("t"), pa.Table.from_pylist(cells, schema=SCHEMA))
    found, _ = verdicts(engine, EXPECTED)
    wrong = [
        (row[:3], verdict.status, verdict.message)
        for row, verdict in zip(EXPECTED, found, strict=True)
        if verdict.status != row[3]
    ]
    assert wrong == []


def test_every_check_type_judges_an_empty_table(engine: Engine) -> None:
    last = {row[0]: row for row in EXPECTED if row[3] == PASS or row[0] == "schema_unchanged"}
    found, _ = verdicts(engine, list(last.values()))
    statuses = {name: verdict.status for name, verdict in zip(last, found, strict=True)}
    expected = {name: EMPTY.get(name, NO_DATA) for name in last}
    assert statuses == expected | {"schema_unchanged": FAIL}


def test_the_table_of_cases_knows_every_check_type() -> None:
    assert {row[0] for row in EXPECTED} == set(check_types())


def test_a_test_that_cannot_be_measured_leaves_the_others_alone(engine: Engine) -> None:
    cells = [dict(zip(SCHEMA.names, row, strict=True)) for row in ROWS]
    engine.append(named("t"), pa.Table.from_pylist(cells, schema=SCHEMA))
    rows: list[Row] = [
        ("nulls_count", [ID], {"max_count": 1}, PASS),
        ("nulls_count", ["gone"], {}, ResultStatus.ERROR),
        ("sql_condition", [], {"condition_sql": "CAST(`a.b` AS INT) > 0"}, ResultStatus.ERROR),
        ("mean_in_range", [NUMBER], {"min_value": 2, "max_value": 2}, PASS),
    ]
    found, _ = verdicts(engine, rows)
    assert [verdict.status for verdict in found] == [row[3] for row in rows], found
