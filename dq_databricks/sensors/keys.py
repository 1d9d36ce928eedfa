"""Sensors of keys: distinct and duplicate values, over groups of equal values."""

from __future__ import annotations

from dq_databricks.sensors.entry import Example, ExampleTable, Scope, Sensor
from dq_databricks.sensors.measure import MeasureKind

_CODES = ExampleTable({"code": "STRING"}, (("a",), ("b",), ("a",), (None,), (None,)))
_PAIRS = ExampleTable(
    {"code": "STRING", "day": "INT"},
    (("a", 1), ("a", 1), ("a", 2), ("b", None), ("b", None)),
)

DISTINCT_COUNT = Sensor(
    name="distinct_count",
    family="keys",
    kind=MeasureKind.GROUP,
    measures="How many different values the column has, null not among them; exact.",
    finding="the number of different values",
    example=Example(_CODES, expected=2),
)

DUPLICATE_VALUE_COUNT = Sensor(
    name="duplicate_value_count",
    family="keys",
    kind=MeasureKind.GROUP,
    measures="How many rows share their value in the column with another row; nulls are left out.",
    finding="share their value with another row",
    example=Example(_CODES, expected=2),
)

DUPLICATE_KEY_COUNT = Sensor(
    name="duplicate_key_count",
    family="keys",
    kind=MeasureKind.GROUP,
    measures="How many rows share their values in the columns with another row; rows with a null "
    "in one of them are left out.",
    finding="share their values with another row",
    scope=Scope.COLUMNS,
    example=Example(_PAIRS, expected=2),
)

DUPLICATE_ROW_COUNT = Sensor(
    name="duplicate_row_count",
    family="keys",
    kind=MeasureKind.GROUP,
    measures="How many rows equal another row in all columns, nulls being equal.",
    finding="have an equal row",
    scope=Scope.COLUMNS,
    all_columns_by_default=True,
    example=Example(_PAIRS, expected=4),
)
