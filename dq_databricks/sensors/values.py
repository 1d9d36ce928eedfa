"""Sensors of values: which of an expected set occur. Nulls are never counted."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dq_databricks.model.column_types import SCALARS
from dq_databricks.model.parameter import Parameter
from dq_databricks.sensors.entry import Example, ExampleTable, Sensor
from dq_databricks.sensors.measure import MeasureKind

# Each value is one parameter marker, and a warehouse takes 255 in a statement.
Values = Annotated[list[str | int | float | bool], Field(min_length=1, max_length=200)]
_VALUES = Parameter(
    "values",
    Values,
    "The values, at most 200; for longer lists keep them in a table and use referential_integrity.",
)
_STATES = ExampleTable({"state": "STRING"}, (("NY",), ("NJ",), ("XX",), (None,)))

UNACCEPTED_COUNT = Sensor(
    name="unaccepted_count",
    family="values",
    kind=MeasureKind.SCAN,
    measures="How many rows hold a value that is not in the list.",
    finding="are none of {values}",
    accepts=SCALARS,
    parameters=(_VALUES,),
    example=Example(_STATES, parameters={"values": ["NY", "NJ", "CT"]}, expected=1),
)

VALUES_NOT_IN_USE_COUNT = Sensor(
    name="values_not_in_use_count",
    family="values",
    kind=MeasureKind.GROUP,
    measures="How many values of the list do not occur in the column.",
    finding="the number of values not in use, of {values},",
    accepts=SCALARS,
    parameters=(_VALUES,),
    on_empty=3,
    example=Example(_STATES, parameters={"values": ["NY", "NJ", "CT"]}, expected=1),
)
