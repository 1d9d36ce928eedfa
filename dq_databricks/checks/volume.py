"""Check types on volume and schema of a table."""

from __future__ import annotations

from dq_databricks.checks.entry import CheckType, Dimension
from dq_databricks.model.vocabulary import Severity
from dq_databricks.rules.change import change_at_most_percent, schema_is
from dq_databricks.rules.claims import is_true, type_is
from dq_databricks.rules.ranges import count_in_range
from dq_databricks.sensors import schema, volume

ROW_COUNT_RANGE = CheckType(
    name="row_count_range",
    description="The table has as many rows as expected.",
    sensor=volume.ROW_COUNT,
    rule=count_in_range,
    dimension=Dimension.COMPLETENESS,
    defaults={"min_count": 1},
    testgen=("Row_Ct",),
    dqops=("row_count",),
)

ROW_COUNT_CHANGE = CheckType(
    name="row_count_change",
    description="The number of rows changed little since the previous run.",
    sensor=volume.ROW_COUNT,
    rule=change_at_most_percent,
    dimension=Dimension.REASONABLENESS,
    severity=Severity.WARNING,
    testgen=("Row_Ct_Pct",),
)

COLUMN_COUNT_RANGE = CheckType(
    name="column_count_range",
    description="The table has as many columns as expected.",
    sensor=schema.COLUMN_COUNT,
    rule=count_in_range,
    dimension=Dimension.CONSISTENCY,
    defaults={"min_count": 1},
    dqops=("column_count",),
)

SCHEMA_UNCHANGED = CheckType(
    name="schema_unchanged",
    description="No column was added, dropped or retyped since the previous run, or against the "
    "columns given.",
    sensor=schema.SCHEMA,
    rule=schema_is,
    dimension=Dimension.CONSISTENCY,
    testgen=("Schema_Drift",),
    dqops=("column_types_changed",),
)

COLUMN_EXISTS = CheckType(
    name="column_exists",
    description="The table has this column.",
    sensor=schema.COLUMN_EXISTS,
    rule=is_true,
    dimension=Dimension.CONSISTENCY,
)

COLUMN_TYPE = CheckType(
    name="column_type",
    description="The column has this type.",
    sensor=schema.COLUMN_TYPE,
    rule=type_is,
    dimension=Dimension.CONSISTENCY,
    dqops=("column_type_changed",),
)
