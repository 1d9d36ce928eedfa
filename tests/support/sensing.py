"""Sensors rendered on made-up snapshots: their examples, and any column names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dq_databricks.engine.protocol import ColumnInfo, Snapshot
from dq_databricks.sensors.entry import EXAMPLE_NOW, Example, Scope, Sensor
from dq_databricks.sensors.measure import Measure
from dq_databricks.sensors.render import render
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import Relation, TableRelation


def relation(name: str = "t", version: int | None = None) -> TableRelation:
    return TableRelation(TableName("main", "s", name), version)


def snapshot_of(columns: Mapping[str, str], at: Relation | None = None) -> Snapshot:
    """A snapshot of a table with these columns; nothing is known of its files."""
    return Snapshot(
        relation=at or relation(version=3),
        columns=tuple(
            ColumnInfo(name, data_type, position=position)
            for position, (name, data_type) in enumerate(columns.items())
        ),
        version=3,
        fingerprint="f",
        modified_at=EXAMPLE_NOW,
    )


def render_example(
    sensor: Sensor,
    *,
    example: Example | None = None,
    rename: Mapping[str, str] | None = None,
    parameters: Mapping[str, Any] | None = None,
    table: str = "t",
) -> Measure:
    """The measure of an example (the sensor's own by default), its columns renamed."""
    example = example or sensor.example
    names = {column: (rename or {}).get(column, column) for column in example.table.columns}
    columns = {names[column]: kind for column, kind in example.table.columns.items()}
    default = () if sensor.scope == Scope.TABLE else tuple(example.table.columns)
    targets = default if example.measured is None else example.measured
    return render(
        sensor,
        snapshot_of(columns, relation(table, None if table != "t" else 3)),
        [names.get(column, column) for column in targets],
        example.parameters if parameters is None else parameters,
        EXAMPLE_NOW,
        resolve_reference=relation,
    )


def measure(
    sensor: Sensor, columns: Mapping[str, str], names: Sequence[str], **parameters: Any
) -> Measure:
    """The measure of `sensor` on a table with these columns."""
    return render(
        sensor,
        snapshot_of(columns),
        names,
        parameters,
        EXAMPLE_NOW,
        resolve_reference=relation,
    )
