"""Sensors written by the user: a condition, or a SELECT. Parsed, never pasted unread."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dq_databricks.model.parameter import Parameter
from dq_databricks.sensors.entry import Example, ExampleTable, Scope, Sensor
from dq_databricks.sensors.measure import MeasureKind

Sql = Annotated[str, Field(min_length=1, max_length=1_000_000)]
_TRIPS = ExampleTable({"start": "INT", "stop": "INT"}, ((1, 2), (5, 4), (None, 3)))

CONDITION_BROKEN_COUNT = Sensor(
    name="condition_broken_count",
    family="custom",
    kind=MeasureKind.SCAN,
    measures="How many rows the condition is not true for; unknown (null) is not true.",
    finding="do not meet {condition_sql}",
    scope=Scope.TABLE,
    parameters=(
        Parameter("condition_sql", Sql, "A condition that holds for good rows: start <= stop."),
    ),
    example=Example(_TRIPS, parameters={"condition_sql": "start <= stop"}, expected=2),
)

QUERY_ROW_COUNT = Sensor(
    name="query_row_count",
    family="custom",
    kind=MeasureKind.QUERY,
    measures="How many rows a SELECT returns.",
    finding="the number of rows returned",
    scope=Scope.TABLE,
    parameters=(
        Parameter(
            "sql",
            Sql,
            "One SELECT that returns the bad rows; {table} stands for the table under test.",
        ),
    ),
    example=Example(
        _TRIPS, parameters={"sql": "SELECT * FROM {table} WHERE start > stop"}, expected=1
    ),
)

QUERY_VALUE = Sensor(
    name="query_value",
    family="custom",
    kind=MeasureKind.QUERY,
    measures="The first value a SELECT returns.",
    finding="the value returned",
    scope=Scope.TABLE,
    on_empty=None,
    parameters=(
        Parameter(
            "sql",
            Sql,
            "One SELECT that returns one number; {table} stands for the table under test.",
        ),
    ),
    example=Example(
        _TRIPS, parameters={"sql": "SELECT max(stop) AS latest FROM {table}"}, expected=4
    ),
)
