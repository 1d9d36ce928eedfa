"""Sensors of references between tables."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dq_databricks.model.column_types import SCALARS
from dq_databricks.model.parameter import Parameter
from dq_databricks.sensors.entry import Example, ExampleTable, Scope, Sensor
from dq_databricks.sensors.measure import MeasureKind

MISSING_REFERENCE_COUNT = Sensor(
    name="missing_reference_count",
    family="references",
    kind=MeasureKind.QUERY,
    measures="How many rows have values that do not occur in the reference table; rows with a "
    "null in one of the columns are left out.",
    finding="have no match in {reference_table}",
    scope=Scope.COLUMNS,
    accepts=SCALARS,
    parameters=(
        Parameter(
            "reference_table",
            Annotated[str, Field(min_length=1)],
            "The table to look in: catalog.schema.table, a file or a folder.",
        ),
        Parameter(
            "reference_columns",
            Annotated[list[str], Field(min_length=1)],
            "Its columns, one for each column checked, in the same order.",
        ),
    ),
    example=Example(
        ExampleTable({"carrier": "STRING"}, (("AA",), ("UA",), ("ZZ",), (None,))),
        parameters={"reference_table": "airlines", "reference_columns": ["code"]},
        references={"airlines": ExampleTable({"code": "STRING"}, (("AA",), ("UA",), ("UA",)))},
        expected=1,
    ),
)
