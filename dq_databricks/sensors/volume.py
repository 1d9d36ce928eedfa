"""Sensors of volume: how much there is."""

from __future__ import annotations

from dq_databricks.sensors.entry import Example, ExampleTable, Scope, Sensor
from dq_databricks.sensors.measure import MeasureKind

ROW_COUNT = Sensor(
    name="row_count",
    family="volume",
    kind=MeasureKind.SCAN,
    measures="How many rows the table has.",
    finding="the row count",
    scope=Scope.TABLE,
    proof="row_count",
    example=Example(ExampleTable({"id": "INT"}, ((1,), (2,), (None,))), expected=3),
)
