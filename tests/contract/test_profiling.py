"""The same profile on every engine: figures worked out by hand on small nasty tables."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from dq_databricks.engine.protocol import Capability, Engine
from dq_databricks.model.profile import ColumnProfile
from dq_databricks.planning.planner import make_plan
from dq_databricks.profiling.assemble import assemble
from dq_databricks.profiling.groups import second_measures
from dq_databricks.profiling.measures import first_measures
from dq_databricks.running.execute import execute
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import TableRelation
from tests.support.contract import arrow, create, named

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TINY = Decimal("0.000000000000000001")
DEEP = Decimal("-99999999999999999999.999999999999999999")


SPARK_SAMPLE = {
    "test_numbers_are_those_worked_out_by_hand",
    "test_texts_are_those_worked_out_by_hand",
    "test_dates_and_times_reach_from_year_1_to_9999_d6",
    "test_measures_that_do_not_apply_are_none_and_no_error_d7",
    "test_tables_without_rows_or_values_have_no_figures_d3",
    "test_sketched_counts_are_within_two_percent",
}


def profile(
    engine: Engine, table: TableName, *, exact: bool = False
) -> tuple[dict[str, ColumnProfile], Counter[str]]:
    """The profile of `table` by column, and how often each column was decoded for it."""
    snapshot = engine.inspect(TableRelation(table))
    first_plan = make_plan(
        snapshot, first_measures(snapshot, now=NOW), engine.facts, fuse_objects=True
    )
    first = execute(first_plan, engine)
    second_plan = make_plan(snapshot, second_measures(snapshot, first, exact=exact), engine.facts)
    second = execute(second_plan, engine)
    decoded = Counter(
        column
        for plan in (first_plan, second_plan)
        for statement in plan.statements
        for column in statement.columns
    )
    columns = assemble(
        snapshot,
        first,
        second,
        profile_run_id="run",
        table_id="table",
        table_name=str(table),
        profiled_at=NOW,
    )
    return {column.column_name: column for column in columns}, decoded


def measured(column: ColumnProfile) -> Mapping[str, object]:
    """What a profile says of a column, without what names it."""
    return column.model_dump(
        exclude_none=True,
        exclude={
            "profile_run_id",
            "table_id",
            "table_name",
            "table_version",
            "column_name",
            "position",
            "data_type",
            "general_type",
            "semantic_type",
            "profiled_at",
        },
    )


def test_numbers_are_those_worked_out_by_hand(engine: Engine) -> None:
    table = create(engine, "numbers", "i INT, b BIGINT, d DECIMAL(38,18), f DOUBLE")
    engine.append(
        table,
        arrow(
            [
                ("i", pa.int32()),
                ("b", pa.int64()),
                ("d", pa.decimal128(38, 18)),
                ("f", pa.float64()),
            ],
            (1, 2**63 - 1, TINY, 1.0),
            (2, -(2**63), DEEP, -0.0),
            (2, 0, Decimal(0), 1e308),
            (-5, 7, TINY, float("nan")),
            (None, None, None, float("-inf")),
            (0, None, None, None),
        ),
    )
    columns, _ = profile(engine, table)
    found = measured(columns["i"])
    quantiles = json.loads(found.pop("quantiles"))
    if engine.facts.has(Capability.FILE_STATISTICS):  # else the table is not known to be small
        assert quantiles == {"p05": -5.0, "p25": 0.0, "p50": 1.0, "p75": 2.0, "p95": 2.0}
    assert quantiles["p50"] == 1.0
    assert found == {
        "row_count": 6,
        "null_count": 1,
        "distinct_count": 4,
        "distinct_is_exact": True,
        "min_value": "-5",
        "max_value": "2",
        "mean": pytest.approx(0.0),
        "stddev": pytest.approx(2.9154759474),
        "zero_count": 1,
        "negative_count": 1,
        "top_values": _listed(("2", 2), ("-5", 1), ("0", 1), ("1", 1)),
    }
    assert (columns["b"].min_value, columns["b"].max_value) == (str(-(2**63)), str(2**63 - 1))
    assert columns["b"].mean == pytest.approx(1.5, abs=1)
    assert columns["b"].stddev == pytest.approx((2 / 3) ** 0.5 * 2**63)
    assert columns["d"].min_value == str(DEEP)
    assert Decimal(str(columns["d"].max_value)) == TINY
    assert columns["d"].distinct_count == 3
    assert columns["d"].mean == pytest.approx(-2.5e19)


def test_numbers_that_are_not_finite_are_counted_apart_d4(engine: Engine) -> None:
    table = create(engine, "floats", "f DOUBLE, only DOUBLE, e FLOAT")
    nan, inf = float("nan"), float("inf")
    engine.append(
        table,
        arrow(
            [("f", pa.float64()), ("only", pa.float64()), ("e", pa.float32())],
            (1.0, nan, 0.5),
            (-0.0, nan, nan),
            (0.0, inf, -inf),
            (1e308, -inf, None),
            (nan, None, None),
            (-inf, None, None),
        ),
    )
    columns, _ = profile(engine, table)
    f, only, e = columns["f"], columns["only"], columns["e"]
    assert (f.nan_count, f.infinite_count, f.zero_count) == (1, 1, 2)
    assert (float(str(f.min_value)), float(str(f.max_value))) == (0.0, 1e308)
    assert f.mean == pytest.approx(1 / 3), "a number whose square is no number takes no part"
    assert f.distinct_count == 5
    assert (only.nan_count, only.infinite_count, only.null_count) == (2, 2, 2)
    assert (only.mean, only.stddev, only.min_value, only.max_value) == (None, None, None, None)
    assert (e.mean, e.stddev, e.nan_count, e.infinite_count) == (0.5, None, 1, 1)


def test_texts_are_those_worked_out_by_hand(engine: Engine) -> None:
    table = create(engine, "texts", "s STRING, n STRING, v STRING")
    texts = ["", "  ", " a", "b ", "é😀", "N/A", None, "unknown"]
    numbers = ["1", "-2.50", "1e3", "2013-01-31", "2013-01-31T10:00:00Z", "1.2.3", "12\n", ".5"]
    engine.append(
        table,
        arrow(
            [("s", pa.string()), ("n", pa.string()), ("v", pa.string())],
            *((s, n, "x") for s, n in zip(texts, numbers, strict=True)),
        ),
    )
    columns, _ = profile(engine, table)
    s, n, v = columns["s"], columns["n"], columns["v"]
    assert (s.null_count, s.blank_count, s.leading_space_count, s.trailing_space_count) == (
        1,
        2,
        1,
        1,
    )
    assert (s.placeholder_count, s.min_length, s.max_length) == (2, 0, 7)
    assert (s.mean_length, s.min_value, s.max_value) == (pytest.approx(18 / 7), "", "é😀")
    assert (s.distinct_count, s.distinct_is_exact) == (7, True)
    assert (n.numeric_text_count, n.date_text_count) == (3, 2)
    assert (v.top_values, v.patterns) == (
        _listed(("x", 8)),
        json.dumps([{"pattern": "a", "count": 8}]),
    )


def test_dates_and_times_reach_from_year_1_to_9999_d6(engine: Engine) -> None:
    table = create(engine, "times", "d DATE, t TIMESTAMP")
    engine.append(
        table,
        arrow(
            [("d", pa.date32()), ("t", pa.timestamp("us", tz="UTC"))],
            (date(1, 1, 1), datetime(1, 1, 1, tzinfo=UTC)),
            (date(9999, 12, 31), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
            (date(1899, 12, 31), datetime(1899, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
            (NOW.date(), NOW),
            (None, None),
        ),
    )
    columns, _ = profile(engine, table)
    d, t = columns["d"], columns["t"]
    assert (d.min_value, d.max_value) == ("0001-01-01", "9999-12-31")
    assert (t.min_value, t.max_value) == (
        "0001-01-01 00:00:00.000000",
        "9999-12-31 23:59:59.999999",
    )
    for column in (d, t):
        assert (column.future_count, column.before_1900_count) == (1, 2)
        assert (column.distinct_count, column.distinct_is_exact) == (4, True)


def test_measures_that_do_not_apply_are_none_and_no_error_d7(engine: Engine) -> None:
    table = create(
        engine,
        "nested",
        "b BOOLEAN, y BINARY, a ARRAY<INT>, st STRUCT<x: INT>, m MAP<STRING, INT>",
    )
    engine.append(
        table,
        pa.table(
            {
                "b": pa.array([True, False, None, True], pa.bool_()),
                "y": pa.array([b"\x00", None, b"", b"x"], pa.binary()),
                "a": pa.array([[1], [], None, None], pa.list_(pa.int32())),
                "st": pa.array(
                    [{"x": None}, {"x": 1}, None, {"x": 2}], pa.struct({"x": pa.int32()})
                ),
                "m": pa.array([[("k", 1)], [], None, None], pa.map_(pa.string(), pa.int32())),
            }
        ),
    )
    columns, _ = profile(engine, table)
    assert measured(columns["b"]) == {
        "row_count": 4,
        "null_count": 1,
        "distinct_count": 2,
        "distinct_is_exact": True,
        "true_count": 2,
        "false_count": 1,
        "top_values": _listed(("true", 2), ("false", 1)),
    }
    nulls = {name: measured(columns[name]) for name in ("y", "a", "st", "m")}
    assert nulls == {
        "y": {"row_count": 4, "null_count": 1},
        "a": {"row_count": 4, "null_count": 2},
        "st": {"row_count": 4, "null_count": 1},
        "m": {"row_count": 4, "null_count": 2},
    }


def test_tables_without_rows_or_values_have_no_figures_d3(engine: Engine) -> None:
    empty = create(engine, "empty", "i INT, f DOUBLE, s STRING, d DATE, t TIMESTAMP, b BOOLEAN")
    columns, _ = profile(engine, empty)
    for column in columns.values():
        assert measured(column).keys() <= _COUNTED, column.column_name
        assert (column.row_count, column.null_count, column.distinct_count) == (0, 0, 0)

    nulls = create(engine, "nulls", "i INT, f DOUBLE, s STRING, d DATE, t TIMESTAMP, b BOOLEAN")
    engine.append(nulls, pa.table({"i": pa.array([None, None], pa.int32())}))
    columns, _ = profile(engine, nulls)
    for column in columns.values():
        assert measured(column).keys() <= _COUNTED, column.column_name
        assert (column.null_count, column.distinct_count, column.distinct_is_exact) == (2, 0, True)


def test_a_single_row_has_a_mean_but_no_deviation_d3(engine: Engine) -> None:
    table = create(engine, "single", "i INT, f DOUBLE")
    engine.append(table, arrow([("i", pa.int32()), ("f", pa.float64())], (4, 2.5)))
    columns, _ = profile(engine, table)
    assert [(c.mean, c.stddev, c.distinct_count) for c in columns.values()] == [
        (4.0, None, 1),
        (2.5, None, 1),
    ]


def test_no_column_is_decoded_more_than_twice(engine: Engine) -> None:
    table = create(engine, "narrow", "i INT, f DOUBLE, s STRING, b BOOLEAN")
    engine.append(table, arrow([("i", pa.int32()), ("s", pa.string())], (1, "a"), (2, "b")))
    _, decoded = profile(engine, table, exact=True)
    assert max(decoded.values()) <= 2
    assert decoded["b"] <= 1, "two counts say all of a-boolean"


def test_any_column_name_is_profiled(engine: Engine) -> None:
    names = ["select", "a-b", "a`b", "ü😀", "o'clock"]
    columns = ", ".join("`" + name.replace("`", "``") + "` INT" for name in names)
    table = create(engine, "names", columns + " ")
    engine.append(table, pa.table({name: pa.array([1, None], pa.int32()) for name in names}))
    found, _ = profile(engine, table)
    assert [(found[name].null_count, found[name].mean) for name in names] == [(1, 1.0)] * 5
    assert all(column.error_message is None for column in found.values())


def test_values_are_cut_however_long_they_are(engine: Engine) -> None:
    table = create(engine, "long", "s STRING")
    engine.append(table, arrow([("s", pa.string())], ("a" * 2_000_000,), ("b" * 3_000_000,)))
    column = profile(engine, table)[0]["s"]
    assert (column.min_value, column.max_value) == ("a" * 200, "b" * 200)
    assert (column.max_length, column.mean_length) == (3_000_000, 2_500_000.0)
    assert len(column.top_values or "") < 1_000


def test_sketched_counts_are_within_two_percent(engine: Engine) -> None:
    table = named("many")
    create(engine, "many", "k BIGINT, s STRING")
    keys = list(range(30_000))
    engine.append(
        table, pa.table({"k": keys, "s": [f"user {key * 7919 % 30_000}" for key in keys]})
    )
    snapshot = engine.inspect(TableRelation(table))
    first = execute(
        make_plan(snapshot, first_measures(snapshot, now=NOW), engine.facts, fuse_objects=True),
        engine,
    )
    for name in ("k", "s"):
        sketched = first[f"profile.distinct.{name}"].value
        assert isinstance(sketched, int)
        assert abs(sketched - 30_000) <= 600
    exact, _ = profile(engine, table)
    assert [(c.distinct_count, c.distinct_is_exact) for c in exact.values()] == [(30_000, True)] * 2


_COUNTED = {
    "row_count",
    "null_count",
    "distinct_count",
    "distinct_is_exact",
    *("blank_count", "leading_space_count", "trailing_space_count", "placeholder_count"),
    *("numeric_text_count", "date_text_count", "zero_count", "negative_count"),
    *("nan_count", "infinite_count", "true_count", "false_count"),
    *("future_count", "before_1900_count"),
}


def _listed(*values: tuple[str, int]) -> str:
    return json.dumps([{"value": value, "count": rows} for value, rows in values])
