"""Check types across tables, and those written by the user in SQL."""

from __future__ import annotations

from dq_databricks.checks.entry import CheckType, Dimension
from dq_databricks.rules.counts import at_most_percent
from dq_databricks.rules.ranges import no_more_than, value_in_range
from dq_databricks.sensors import custom, references

REFERENTIAL_INTEGRITY = CheckType(
    name="referential_integrity",
    description="All values occur in the reference table; nulls are left out.",
    sensor=references.MISSING_REFERENCE_COUNT,
    rule=at_most_percent,
    dimension=Dimension.INTEGRITY,
    testgen=("Combo_Match",),
    dqops=("lookup_key_not_found", "lookup_key_found_percent"),
)

SQL_CONDITION = CheckType(
    name="sql_condition",
    description="A condition written in SQL is true for all rows.",
    sensor=custom.CONDITION_BROKEN_COUNT,
    rule=at_most_percent,
    dimension=Dimension.VALIDITY,
    dqops=("sql_condition_failed_on_table", "sql_condition_passed_percent_on_table"),
)

SQL_QUERY_ROWS = CheckType(
    name="sql_query_rows",
    description="A SELECT for bad rows finds none.",
    sensor=custom.QUERY_ROW_COUNT,
    rule=no_more_than,
    dimension=Dimension.ACCURACY,
    testgen=("CUSTOM",),
    dqops=("sql_invalid_record_count_on_table",),
)

SQL_QUERY_VALUE = CheckType(
    name="sql_query_value",
    description="The one number a SELECT returns lies between the limits.",
    sensor=custom.QUERY_VALUE,
    rule=value_in_range,
    dimension=Dimension.ACCURACY,
    testgen=("SQL_Metric",),
)
