"""What rendering refuses, binds and quotes; no name or value changes the shape of the SQL."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from dq_databricks.errors import ColumnNotFoundError, ParameterError, RegexError, UserSqlError
from dq_databricks.sensors.catalog import find_sensor, sensors
from dq_databricks.sensors.entry import Sensor
from dq_databricks.sensors.measure import Measure, MeasureKind
from tests.support.sensing import measure, render_example

HOSTILE = [
    "select",
    "a.b",
    "a`b",
    "a b",
    "😀",
    "x'; DROP TABLE t; --",
    '"',
    "a\nb",
    ":p",
    "{{ x }}",
]
NAMES = st.text(min_size=1, max_size=12).filter(lambda name: "\x00" not in name)


def shape(measured: Measure) -> list[str]:
    text = measured.expression.text
    whole = text if measured.kind == MeasureKind.QUERY else f"SELECT {text} AS m"
    trees = sqlglot.parse(whole, read="databricks")
    assert len(trees) == 1
    tree = trees[0]
    assert tree is not None
    return [type(node).__name__ for node in tree.walk()]


def measured_sensors() -> list[Sensor]:
    return [
        sensor
        for sensor in sensors().values()
        if sensor.template and sensor.family != "custom" and sensor.example.table.columns
    ]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("sensor", measured_sensors(), ids=lambda sensor: sensor.name)
def test_hostile_column_names_keep_the_shape(sensor: Sensor, name: str) -> None:
    first = next(iter(sensor.example.table.columns))
    hostile = render_example(sensor, rename={first: name})
    assert shape(hostile) == shape(render_example(sensor))
    assert hostile.expression.parameters == render_example(sensor).expression.parameters


@settings(max_examples=60)
@given(name=NAMES, value=st.text(min_size=1, max_size=12), number=st.integers(0, 2**31 - 1))
def test_no_name_and_no_value_changes_the_shape(name: str, value: str, number: int) -> None:
    cases: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
        ("unaccepted_count", "STRING", {"values": [value]}, {"values": ["a"]}),
        ("values_not_in_use_count", "STRING", {"values": [value]}, {"values": ["a"]}),
        ("text_length_outside_count", "STRING", {"min_length": number}, {"min_length": 1}),
        ("values_outside_count", "BIGINT", {"max_value": number}, {"max_value": 1}),
    ]
    for sensor, data_type, given_values, plain_values in cases:
        fuzzed = measure(find_sensor(sensor), {name: data_type}, [name], **given_values)
        plain = measure(find_sensor(sensor), {"c": data_type}, ["c"], **plain_values)
        assert shape(fuzzed) == shape(plain)
        assert fuzzed.columns == {name}
    referred = measure(
        find_sensor("missing_reference_count"),
        {name: "STRING"},
        [name],
        reference_table="r",
        reference_columns=[name],
    )
    assert shape(referred) == shape(render_example(find_sensor("missing_reference_count")))


def test_equal_measures_have_equal_text_and_parameters() -> None:
    first, second = (
        measure(find_sensor("unaccepted_count"), {"c": "STRING"}, ["c"], values=["a", "b"])
        for _ in range(2)
    )
    assert first == second


def test_metadata_measures_of_different_columns_are_told_apart() -> None:
    columns = {"a": "INT", "b": "STRING"}
    texts = {measure(find_sensor("column_type"), columns, [c]).expression.text for c in columns}
    assert len(texts) == 2


def test_values_take_the_type_of_the_column() -> None:
    def bound(data_type: str, value: object) -> list[object]:
        made = measure(find_sensor("unaccepted_count"), {"c": data_type}, ["c"], values=[value])
        return list(made.expression.parameters.values())

    assert bound("DATE", "2026-01-31") == [date(2026, 1, 31)]
    assert bound("TIMESTAMP", "2026-01-31T10:00:00+02:00") == [datetime(2026, 1, 31, 8, tzinfo=UTC)]
    assert bound("TIMESTAMP", "2026-01-31") == [datetime(2026, 1, 31, tzinfo=UTC)]
    assert bound("DECIMAL(38,18)", 0.1) == [Decimal("0.1")]
    assert bound("BIGINT", 2**63 - 1) == [2**63 - 1]
    assert bound("BOOLEAN", True) == [True]


def test_a_decimal_column_is_compared_with_decimals_of_the_needed_width() -> None:
    def text(value: float) -> str:
        made = measure(
            find_sensor("values_outside_count"), {"c": "DECIMAL(38,18)"}, ["c"], max_value=value
        )
        return made.expression.text

    assert "AS DECIMAL(1,0))" in text(5)
    assert "AS DECIMAL(3,2))" in text(-0.25)
    assert "AS DECIMAL(6,5))" in text(1.00001)
    assert "CAST" not in text(1e300)


@pytest.mark.parametrize(
    ("data_type", "value"),
    [("INT", "a"), ("INT", True), ("STRING", 5), ("DATE", "31.1.2026"), ("BOOLEAN", "yes")],
)
def test_values_that_cannot_occur_are_refused(data_type: str, value: object) -> None:
    with pytest.raises(ParameterError, match=f"'c' is {data_type}"):
        measure(find_sensor("unaccepted_count"), {"c": data_type}, ["c"], values=[value])


def test_columns_are_found_by_case_and_missing_ones_get_a_near_name() -> None:
    assert measure(find_sensor("null_count"), {"Dep_Time": "INT"}, ["dep_time"]).columns == {
        "Dep_Time"
    }
    with pytest.raises(ColumnNotFoundError, match="no column 'dep_tme'; did you mean 'dep_time'"):
        measure(find_sensor("null_count"), {"dep_time": "INT"}, ["dep_tme"])
    with pytest.raises(ColumnNotFoundError, match="it has 'a', 'b'"):
        measure(find_sensor("null_count"), {"a": "INT", "b": "INT"}, ["zzzzz"])


@pytest.mark.parametrize(
    ("sensor", "names"),
    [
        ("null_count", []),
        ("null_count", ["a", "b"]),
        ("row_count", ["a"]),
        ("duplicate_key_count", []),
        ("duplicate_key_count", ["a", "a"]),
    ],
)
def test_the_number_of_columns_must_fit(sensor: str, names: list[str]) -> None:
    with pytest.raises(ParameterError, match=f"{sensor}: wants"):
        measure(find_sensor(sensor), {"a": "INT", "b": "INT"}, names)


def test_whole_rows_are_all_columns_unless_some_are_named() -> None:
    made = measure(find_sensor("duplicate_row_count"), {"a": "INT", "b": "INT"}, [])
    assert made.group_by == ("a", "b")


def test_a_reference_needs_a_column_for_each_column() -> None:
    with pytest.raises(ParameterError, match="got 2 for 1 columns"):
        measure(
            find_sensor("missing_reference_count"),
            {"a": "INT"},
            ["a"],
            reference_table="r",
            reference_columns=["x", "y"],
        )


def test_patterns_are_rewritten_and_bad_ones_refused() -> None:
    made = measure(find_sensor("regex_mismatch_count"), {"c": "STRING"}, ["c"], pattern="^a$")
    assert list(made.expression.parameters.values()) == [r"\Aa\z"]
    with pytest.raises(RegexError):
        measure(find_sensor("regex_mismatch_count"), {"c": "STRING"}, ["c"], pattern="(a")


def test_a_condition_names_its_columns_and_is_only_a_condition() -> None:
    sensor = find_sensor("condition_broken_count")
    made = measure(sensor, {"Start": "INT", "stop": "INT"}, [], condition_sql="start < stop")
    assert made.columns == {"Start", "stop"}
    with pytest.raises(ColumnNotFoundError, match="did you mean 'stop'"):
        measure(sensor, {"stop": "INT"}, [], condition_sql="stopp > 1")
    for text in ("1 = 1; DROP TABLE t", "1 = 1) FROM t --", "EXISTS (DELETE FROM t)", ""):
        with pytest.raises((UserSqlError, ParameterError)):
            measure(sensor, {"stop": "INT"}, [], condition_sql=text)


def test_a_query_reads_the_pinned_table_and_is_only_one_select() -> None:
    sensor = find_sensor("query_row_count")
    made = measure(sensor, {"a": "INT"}, [], sql="SELECT * FROM {table} WHERE a > 1")
    assert "VERSION AS OF 3" in made.expression.text
    for text in ("DELETE FROM {table}", "SELECT 1; SELECT 2", "SELECT (", "DROP TABLE t"):
        with pytest.raises(UserSqlError):
            measure(sensor, {"a": "INT"}, [], sql=text)
