"""Every sensor measures on every engine what its example says, and holds on hostile data."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.sensors.catalog import find_sensor, sensors
from dq_databricks.sensors.entry import Cell, Example, ExampleTable, Sensor
from dq_databricks.sensors.measure import Measure, MeasureKind
from dq_databricks.sql.statement import Statement
from tests.support.cases import Case, group_statement, scan_statement, write_cases
from tests.support.engines import engine_parameters, open_engine_for_tests
from tests.support.sensing import render_example

TABLE = "examples"
NAN, INF = float("nan"), float("inf")
Answers = Mapping[str, Any]


def one(data_type: str, *cells: Cell) -> ExampleTable:
    return ExampleTable({"c": data_type}, tuple((cell,) for cell in cells))


BIG = 2**63 - 1
TINY = Decimal("0.000000000000000001")
NULLS: dict[str, ExampleTable] = {
    "DOUBLE": one("DOUBLE", None, None),
    "STRING": one("STRING", None, None),
    "DATE": one("DATE", None, None),
}
FLOATS = one("DOUBLE", 1.0, NAN, INF, -INF, -0.0, None)
BIGINTS = one("BIGINT", BIG, BIG, -BIG - 1, None)
DECIMALS = one("DECIMAL(38,18)", Decimal(10**19), TINY, None, Decimal("0.1"))
DATES = one("DATE", date(1, 1, 1), date(9999, 12, 31), None)
TIMES = one(
    "TIMESTAMP",
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(2026, 1, 31, 12, tzinfo=UTC),
    datetime(2026, 1, 31, 12, 0, 0, 1, tzinfo=UTC),
    None,
)
WORDS = one("STRING", "select", "a\nb", "😀😀", "  ", "", "it's", None)

EDGES: list[tuple[str, ExampleTable, dict[str, object], Cell]] = [
    ("min_value", NULLS["DOUBLE"], {}, None),
    ("max_value", NULLS["DOUBLE"], {}, None),
    ("mean_value", NULLS["DOUBLE"], {}, None),
    ("stddev_value", NULLS["DOUBLE"], {}, None),
    ("sum_value", NULLS["DOUBLE"], {}, None),
    ("values_outside_count", NULLS["DOUBLE"], {"min_value": 0}, 0),
    ("null_count", NULLS["STRING"], {}, 2),
    ("blank_text_count", NULLS["STRING"], {}, 0),
    ("regex_mismatch_count", NULLS["STRING"], {"pattern": "a"}, 0),
    ("unaccepted_count", NULLS["STRING"], {"values": ["a"]}, 0),
    ("distinct_count", NULLS["STRING"], {}, 0),
    ("duplicate_value_count", NULLS["STRING"], {}, 0),
    ("duplicate_row_count", NULLS["STRING"], {}, 2),
    ("latest_value", NULLS["DATE"], {}, None),
    ("future_count", NULLS["DATE"], {}, 0),
    ("max_value", FLOATS, {}, NAN),
    ("min_value", FLOATS, {}, -INF),
    ("mean_value", FLOATS, {}, 0.5),
    ("sum_value", FLOATS, {}, 1.0),
    ("values_outside_count", FLOATS, {"min_value": 0}, 2),
    ("values_outside_count", FLOATS, {"max_value": 1}, 2),
    ("distinct_count", FLOATS, {}, 5),
    ("sum_value", BIGINTS, {}, Decimal(BIG - 1)),
    ("max_value", BIGINTS, {}, BIG),
    ("min_value", BIGINTS, {}, -BIG - 1),
    ("values_outside_count", BIGINTS, {"max_value": BIG - 1}, 2),
    ("duplicate_value_count", BIGINTS, {}, 2),
    ("unaccepted_count", BIGINTS, {"values": [BIG]}, 1),
    ("sum_value", DECIMALS, {}, Decimal("10000000000000000000.100000000000000001")),
    ("max_value", DECIMALS, {}, Decimal(10**19)),
    ("values_outside_count", DECIMALS, {"min_value": 0.1}, 1),
    ("values_outside_count", DECIMALS, {"max_value": 0}, 3),
    ("unaccepted_count", DECIMALS, {"values": [0.1, 10**19]}, 1),
    ("values_not_in_use_count", DECIMALS, {"values": [0.1, 0.2]}, 1),
    ("latest_value", DATES, {}, date(9999, 12, 31)),
    ("dates_outside_count", DATES, {"min_date": "0001-01-02", "max_date": "9999-12-31"}, 1),
    ("future_count", DATES, {}, 1),
    ("future_count", TIMES, {}, 1),
    ("dates_outside_count", TIMES, {"min_date": "0001-01-01", "max_date": "2026-01-31"}, 0),
    ("text_length_outside_count", WORDS, {"min_length": 2, "max_length": 2}, 4),
    ("blank_text_count", WORDS, {}, 2),
    ("regex_mismatch_count", WORDS, {"pattern": "^a.b$"}, 6),
    ("unaccepted_count", WORDS, {"values": ["it's", "select", ""]}, 3),
    ("null_count", one("ARRAY<INT>", None), {}, 1),
]


def cases() -> list[Case]:
    examples = [Case(s, s.example, s.name) for s in sensors().values() if s.template]
    edges = [
        Case(sensor, Example(table, expected, parameters), f"{sensor.name}#{number}")
        for number, (name, table, parameters, expected) in enumerate(EDGES)
        for sensor in [find_sensor(name)]
    ]
    return examples + edges


@pytest.fixture(scope="module", params=engine_parameters())
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """Each engine once, with the rows of all cases."""
    folder: Path = tmp_path_factory.mktemp(str(request.param))
    with open_engine_for_tests(request.param, folder) as engine:
        write_cases(engine, TABLE, cases())
        yield engine


def measures(kind: MeasureKind, table: str) -> dict[str, Measure]:
    return {case.name: case.measure(table) for case in cases() if case.sensor.kind == kind}


def first_row(engine: Engine, statement: Statement) -> Answers:
    answer: Answers = engine.query(statement).to_pylist()[0]
    return answer


def answers(engine: Engine, *, empty: bool) -> Answers:
    table = f"{TABLE}_empty" if empty else TABLE
    scans = scan_statement(TABLE, measures(MeasureKind.SCAN, TABLE), empty=empty)
    groups = group_statement(TABLE, measures(MeasureKind.GROUP, TABLE), empty=empty)
    queries = {
        name: next(iter(first_row(engine, measure.expression).values()))
        for name, measure in measures(MeasureKind.QUERY, table).items()
    }
    return {**first_row(engine, scans), **first_row(engine, groups), **queries}


def same(found: Any, expected: Cell) -> bool:
    if isinstance(expected, float) and found is not None:
        both_nan = math.isnan(expected) and math.isnan(found)
        return both_nan or found == pytest.approx(expected)
    return bool(found == expected)


def test_every_case_gives_its_expected_value(filled: Engine) -> None:
    found = answers(filled, empty=False)
    wrong = {
        case.name: (found[case.name], case.example.expected)
        for case in cases()
        if not same(found[case.name], case.example.expected)
    }
    assert wrong == {}


def test_an_empty_table_gives_what_the_entry_says(filled: Engine) -> None:
    found = answers(filled, empty=True)
    wrong = {
        name: (found[name], sensor.on_empty)
        for name, sensor in sensors().items()
        if sensor.template and not same(found[name], sensor.on_empty)
    }
    assert wrong == {}


@pytest.mark.parametrize(
    "sensor", [s for s in sensors().values() if not s.template], ids=lambda sensor: sensor.name
)
def test_metadata_answers_its_example_without_an_engine(sensor: Sensor) -> None:
    assert render_example(sensor).value == sensor.example.expected
