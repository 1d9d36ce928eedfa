"""Sensors of metadata: columns, types and commits, answered without reading data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from dq_databricks.engine.protocol import ColumnInfo, Snapshot
from dq_databricks.sensors.entry import EXAMPLE_NOW, Example, ExampleTable, Scope, Sensor
from dq_databricks.sensors.measure import MeasureKind

_TWO = ExampleTable({"id": "INT", "name": "STRING"})
_Columns = Sequence[ColumnInfo]
_Values = Mapping[str, object]


def _schema(snapshot: Snapshot, _columns: _Columns, _values: _Values) -> str:
    types = {column.name: column.data_type for column in snapshot.columns}
    return json.dumps(types, ensure_ascii=False)


def _column_count(snapshot: Snapshot, _columns: _Columns, _values: _Values) -> int:
    return len(snapshot.columns)


def _exists(snapshot: Snapshot, columns: _Columns, _values: _Values) -> bool:
    return all(snapshot.column(column.name) for column in columns)


def _type(_snapshot: Snapshot, columns: _Columns, _values: _Values) -> str:
    return columns[0].data_type


def _modified_at(snapshot: Snapshot, _columns: _Columns, _values: _Values) -> datetime | None:
    return snapshot.modified_at


SCHEMA = Sensor(
    name="schema",
    family="schema",
    kind=MeasureKind.METADATA,
    measures="The columns of the table and their types, in order, as JSON.",
    finding="the schema",
    scope=Scope.TABLE,
    on_empty=None,
    answer=_schema,
    example=Example(_TWO, expected='{"id": "INT", "name": "STRING"}'),
)

COLUMN_COUNT = Sensor(
    name="column_count",
    family="schema",
    kind=MeasureKind.METADATA,
    measures="How many columns the table has.",
    finding="the number of columns",
    scope=Scope.TABLE,
    on_empty=None,
    answer=_column_count,
    example=Example(_TWO, expected=2),
)

COLUMN_EXISTS = Sensor(
    name="column_exists",
    family="schema",
    kind=MeasureKind.METADATA,
    measures="Whether the table has the column.",
    finding="the column exists",
    on_empty=None,
    answer=_exists,
    accepts_missing=True,
    example=Example(_TWO, measured=("nme",), expected=False),
)

COLUMN_TYPE = Sensor(
    name="column_type",
    family="schema",
    kind=MeasureKind.METADATA,
    measures="The type of the column.",
    finding="the type",
    on_empty=None,
    answer=_type,
    example=Example(_TWO, measured=("name",), expected="STRING"),
)

LAST_COMMIT = Sensor(
    name="last_commit",
    family="schema",
    kind=MeasureKind.METADATA,
    measures="When the table was last changed (its latest commit, or its files).",
    finding="the last change",
    scope=Scope.TABLE,
    on_empty=None,
    answer=_modified_at,
    example=Example(_TWO, expected=EXAMPLE_NOW),
)
