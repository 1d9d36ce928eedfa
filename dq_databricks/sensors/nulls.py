"""Sensors of nulls: what is missing."""

from __future__ import annotations

from dq_databricks.sensors.entry import Example, ExampleTable, Sensor
from dq_databricks.sensors.measure import MeasureKind

NULL_COUNT = Sensor(
    name="null_count",
    family="nulls",
    kind=MeasureKind.SCAN,
    measures="How many rows have no value in the column.",
    finding="are null",
    proof="null_count",
    example=Example(ExampleTable({"name": "STRING"}, (("a",), (None,), ("b",))), expected=1),
)
