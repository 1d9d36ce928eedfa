"""Check types on keys, duplicates and distinct values."""

from __future__ import annotations

from dq_databricks.checks.entry import CheckType, Dimension
from dq_databricks.rules.counts import at_most_count
from dq_databricks.rules.ranges import count_in_range, no_more_than
from dq_databricks.sensors import keys, values

UNIQUE = CheckType(
    name="unique",
    description="No value occurs twice in the column; nulls are left out.",
    sensor=keys.DUPLICATE_VALUE_COUNT,
    rule=at_most_count,
    dimension=Dimension.UNIQUENESS,
    testgen=("Unique",),
    dqops=("duplicate_count",),
)

UNIQUE_COLUMNS = CheckType(
    name="unique_columns",
    description="No combination of values occurs twice in the columns; rows with a null in one "
    "of them are left out.",
    sensor=keys.DUPLICATE_KEY_COUNT,
    rule=at_most_count,
    dimension=Dimension.UNIQUENESS,
    dqops=("duplicate_record_count",),
)

DUPLICATE_ROWS = CheckType(
    name="duplicate_rows",
    description="No row occurs twice, all columns (or those named) compared, nulls being equal.",
    sensor=keys.DUPLICATE_ROW_COUNT,
    rule=at_most_count,
    dimension=Dimension.UNIQUENESS,
    testgen=("Dupe_Rows",),
)

DISTINCT_COUNT_RANGE = CheckType(
    name="distinct_count_range",
    description="The column has as many different values as expected.",
    sensor=keys.DISTINCT_COUNT,
    rule=count_in_range,
    dimension=Dimension.REASONABLENESS,
    testgen=("Distinct_Value_Ct",),
    dqops=("distinct_count",),
)

VALUES_IN_USE = CheckType(
    name="values_in_use",
    description="Every value of the list occurs in the column.",
    sensor=values.VALUES_NOT_IN_USE_COUNT,
    rule=no_more_than,
    dimension=Dimension.REASONABLENESS,
    dqops=("expected_text_values_in_use_count", "expected_numbers_in_use_count"),
)
