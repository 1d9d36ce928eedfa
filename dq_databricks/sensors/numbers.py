"""Sensors of numbers. Nulls never count; mean, sum and deviation leave NaN and infinity out."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from dq_databricks.model.column_types import NUMERIC
from dq_databricks.model.parameter import Parameter
from dq_databricks.sensors.entry import Cell, Example, ExampleTable, Sensor
from dq_databricks.sensors.measure import MeasureKind

_DELAYS = ExampleTable({"delay": "INT"}, ((2,), (4,), (None,), (9,)))
_HOURS = ExampleTable({"hours": "DOUBLE"}, ((1.0,), (2.0,), (float("nan"),), (3.0,), (None,)))

MIN_VALUE = Sensor(
    name="min_value",
    family="numbers",
    kind=MeasureKind.SCAN,
    measures="The smallest number.",
    finding="the smallest value",
    accepts=NUMERIC,
    on_empty=None,
    proof="min",
    example=Example(_DELAYS, expected=2),
)

MAX_VALUE = Sensor(
    name="max_value",
    family="numbers",
    kind=MeasureKind.SCAN,
    measures="The largest number; NaN counts as larger than any.",
    finding="the largest value",
    accepts=NUMERIC,
    on_empty=None,
    proof="max",
    example=Example(_DELAYS, expected=9),
)

MEAN_VALUE = Sensor(
    name="mean_value",
    family="numbers",
    kind=MeasureKind.SCAN,
    measures="The mean of the numbers.",
    finding="the mean",
    accepts=NUMERIC,
    on_empty=None,
    example=Example(_DELAYS, expected=5.0),
)

STDDEV_VALUE = Sensor(
    name="stddev_value",
    family="numbers",
    kind=MeasureKind.SCAN,
    measures="The standard deviation of the numbers, as of a sample (n − 1).",
    finding="the standard deviation",
    accepts=NUMERIC,
    on_empty=None,
    example=Example(_HOURS, expected=1.0),
)

SUM_VALUE = Sensor(
    name="sum_value",
    family="numbers",
    kind=MeasureKind.SCAN,
    measures="The sum of the numbers; exact for whole numbers and decimals.",
    finding="the sum",
    accepts=NUMERIC,
    on_empty=None,
    example=Example(_DELAYS, expected=Decimal(15)),
)

VALUES_OUTSIDE_COUNT = Sensor(
    name="values_outside_count",
    family="numbers",
    kind=MeasureKind.SCAN,
    measures="How many rows hold a number below or above the limits; NaN lies outside.",
    finding="are not {range}",
    accepts=NUMERIC,
    parameters=(
        Parameter("min_value", int | float | None, "Smallest number allowed.", None),
        Parameter("max_value", int | float | None, "Largest number allowed.", None),
    ),
    counts_outside=lambda values, _now: (
        cast("Cell", values["min_value"]),
        cast("Cell", values["max_value"]),
    ),
    example=Example(_HOURS, parameters={"min_value": 1.5, "max_value": 3}, expected=2),
)
